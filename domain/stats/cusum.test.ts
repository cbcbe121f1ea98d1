import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { describe, expect, it } from 'vitest';
import { addLabel, freshCusum } from './cusum.ts';
import type { CusumDesign } from './cusum.ts';

/** The mean number of labels until the alarm, over seeded runs of a detector with that true precision. */
function meanLabelsToAlarm(truth: number, design: CusumDesign, runs: number): number {
  const generator = xoroshiro128plus(20_261_124);
  let labels = 0;
  for (let run = 0; run < runs; run++) {
    let cusum = freshCusum;
    while (!cusum.alarmed) cusum = addLabel(cusum, uniformInt(generator, 1, 1_000) <= truth * 1_000, design);
    labels += cusum.labels;
  }
  return labels / runs;
}

describe('the CUSUM of precision', () => {
  it.each([
    [0.9, 0.8, 3.5, 1_050, 61],
    [0.9, 0.8, 5, 5_240, 97],
    [0.95, 0.85, 3.5, 920, 45],
  ])('%f to %f, limit %f: a false alarm in about %i labels, caught in about %i', (good, bad, limit, rare, soon) => {
    const design = { good, bad, limit };
    expect(meanLabelsToAlarm(good, design, 400) / rare).toBeGreaterThan(0.8);
    expect(meanLabelsToAlarm(good, design, 400) / rare).toBeLessThan(1.25);
    expect(meanLabelsToAlarm(bad, design, 400) / soon).toBeGreaterThan(0.85);
    expect(meanLabelsToAlarm(bad, design, 400) / soon).toBeLessThan(1.15);
  });

  it('never falls below zero, and stays alarmed until a fresh start', () => {
    const design = { good: 0.9, bad: 0.8, limit: 1 };
    const right = addLabel(freshCusum, true, design);
    expect(right).toEqual({ sum: 0, labels: 1, alarmed: false });
    const alarmed = addLabel(addLabel(right, false, design), false, design);
    expect(alarmed.alarmed).toBe(true);
    expect(addLabel(alarmed, true, design).alarmed).toBe(true);
  });

  it('refuses a design that cannot tell good from bad', () => {
    expect(() => addLabel(freshCusum, true, { good: 0.8, bad: 0.8, limit: 3 })).toThrow(RangeError);
  });
});
