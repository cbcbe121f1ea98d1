import { describe, expect, it } from 'vitest';
import { cameBefore, cameBy, inversions, rankCorrelation } from './order.ts';
import type { Due } from './order.ts';

const of = (...pairs: readonly (readonly [number, number])[]): Due[] =>
  pairs.map(([dueAt, cameAt]) => ({ dueAt, cameAt }));

describe('the rank correlation of deadlines and pages', () => {
  it.each([
    ['in order, however unevenly', of([1, 10], [2, 11], [3, 500]), 1],
    ['the other way round', of([1, 3], [2, 2], [3, 1]), -1],
    // By hand: ranks 1 2.5 2.5 4 against 1 2 3 4.
    ['with equal deadlines', of([1, 1], [2, 2], [2, 3], [9, 4]), 4.5 / Math.sqrt(4.5 * 5)],
    ['of one', of([1, 1]), null],
    ['where all were due at once', of([1, 1], [1, 2]), null],
  ])('%s', (_name, items, expected) => {
    const found = rankCorrelation(items);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 10);
  });
});

describe('inversions', () => {
  it('counts pairs that are apart by more than that, both in deadline and in arrival', () => {
    const items = of([0, 10_000], [1_000, 0], [5_000, 1_000], [20_000, 11_000]);
    // Due more than 2 s apart: (0, 5), (0, 20), (1, 5), (1, 20), (5, 20). Only the first came the other way round.
    expect(inversions(items, 2_000)).toEqual({ pairs: 5, inverted: 1 });
  });
});

describe('the milder before the worse', () => {
  it('counts those that came before a worse one that was due no later', () => {
    const worse = of([1_000, 9_000]);
    const milder = of([1_000, 1_000], [5_000, 2_000], [0, 1_000], [5_000, 8_000]);
    expect(cameBefore(milder, worse, 2_000)).toBe(2);
  });
});

describe('the moment by which a share has come', () => {
  it.each([
    [0.5, 2],
    [0.9, 4],
    [1, 4],
  ])('%s', (share, expected) => expect(cameBy(of([0, 4], [0, 1], [0, 3], [0, 2]), share)).toBe(expected));

  it('is never while one is missing', () => expect(cameBy(of([0, Infinity], [0, 1]), 1)).toBe(Infinity));
});
