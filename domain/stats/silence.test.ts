import { describe, expect, it } from 'vitest';
import { judgeSilence, silenceProbability } from './silence.ts';

describe('silence', () => {
  it.each([
    [4.7, 0.01, 'silent'],
    [4.5, 0.01, 'quiet'],
    [7, 0.001, 'silent'],
    [6.8, 0.001, 'quiet'],
    [0.5, 0.01, 'unmeasurable'],
    [0, 0.01, 'unmeasurable'],
  ] as const)('none of %f expected, at level %f, is %s', (expected, level, judgement) => {
    expect(judgeSilence(0, expected, level)).toBe(judgement);
  });

  it('is over with the first event', () => {
    expect(judgeSilence(1, 100, 0.01)).toBe('heard');
  });

  it('refuses an expectation that is none', () => {
    expect(() => silenceProbability(-1)).toThrow(RangeError);
    expect(() => silenceProbability(Number.NaN)).toThrow(RangeError);
  });
});
