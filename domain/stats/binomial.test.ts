import { describe, expect, it } from 'vitest';
import { binomialUpperTail } from './binomial.ts';

describe('binomialUpperTail', () => {
  it.each([
    [7, 7],
    [35, 15],
    [70, 23],
    [140, 38],
  ])('a volume spike at p < 0.001: after %i in seven days, %i today is the first that is one', (week, today) => {
    expect(binomialUpperTail(today, week + today, 1 / 8)).toBeLessThan(0.001);
    expect(binomialUpperTail(today - 1, week + today - 1, 1 / 8)).toBeGreaterThan(0.001);
  });

  it.each([
    [0, 10, 0.3, 1],
    [10, 10, 0.5, 2 ** -10],
    [1, 3, 0.5, 7 / 8],
    [1, 4, 0, 0],
    [4, 4, 1, 1],
  ])('%i or more of %i at %f: %f', (successes, trials, chance, tail) => {
    expect(binomialUpperTail(successes, trials, chance)).toBeCloseTo(tail, 12);
  });

  it('stays a chance for large counts', () => {
    expect(binomialUpperTail(50_000, 100_000, 0.5)).toBeCloseTo(0.5, 2);
    expect(binomialUpperTail(60_000, 100_000, 0.5)).toBe(0);
  });

  it.each([
    [3, 2, 0.5],
    [0.5, 2, 0.5],
    [1, 2, 1.5],
  ])('refuses %f of %f at %f', (successes, trials, chance) => {
    expect(() => binomialUpperTail(successes, trials, chance)).toThrow(RangeError);
  });
});
