import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelsNeeded, missRateBound, wilson } from './wilson.ts';

describe('wilson', () => {
  it.each([
    [18, 20, 0.699, 0.972],
    [45, 50, 0.786, 0.957],
    [95, 100, 0.888, 0.978],
    [180, 200, 0.851, 0.934],
  ])('%i of %i lies between %f and %f', (right, labels, low, high) => {
    const interval = wilson(right, labels);
    expect(interval?.low).toBeCloseTo(low, 3);
    expect(interval?.high).toBeCloseTo(high, 3);
  });

  it.each([
    [35, 50, 0.55],
    [40, 50, 0.65],
    [44, 50, 0.75],
    [60, 100, 0.5],
    [79, 100, 0.7],
    [88, 100, 0.8],
    [96, 100, 0.9],
    [189, 200, 0.9],
  ])('%i of %i is the fewest for a lower bound of %f, as the promotion gates say', (right, labels, bound) => {
    expect(wilson(right, labels)?.low).toBeGreaterThanOrEqual(bound);
    expect(wilson(right - 1, labels)?.low).toBeLessThan(bound);
  });

  it('knows nothing without trials', () => {
    expect(wilson(0, 0)).toBeNull();
  });

  it.each([
    [3, 2],
    [-1, 2],
    [0.5, 2],
    [Number.NaN, 2],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses %f of %f', (right, labels) => {
    expect(() => wilson(right, labels)).toThrow(RangeError);
  });

  it('holds the observed share, stays within 0 and 1, and narrows as labels come in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (labels, share) => {
        const right = Math.round(share * labels);
        const interval = wilson(right, labels);
        const wider = wilson(right * 4, labels * 4);
        if (interval === null || wider === null) throw new Error('no interval');
        expect(interval.low).toBeGreaterThanOrEqual(0);
        expect(interval.high).toBeLessThanOrEqual(1);
        expect(interval.low).toBeLessThanOrEqual(right / labels);
        expect(interval.high).toBeGreaterThanOrEqual(right / labels);
        expect(wider.high - wider.low).toBeLessThan(interval.high - interval.low);
      }),
    );
  });
});

describe('labelsNeeded', () => {
  it.each([
    [1, 0.8, 16],
    [1, 0.9, 35],
    [1, 0.95, 73],
    [1, 0.98, 189],
    [0.9, 0.8, 54],
    [0.95, 0.9, 127],
    [0.97, 0.95, 414],
  ])('an observed precision of %f proves %f after %i labels', (precision, bound, labels) => {
    expect(labelsNeeded(precision, bound)).toBe(labels);
  });

  it('refuses a bound that no number of labels proves', () => {
    expect(() => labelsNeeded(0.8, 0.8)).toThrow(RangeError);
  });
});

describe('missRateBound', () => {
  it.each([
    [60, 0.05],
    [100, 0.03],
    [300, 0.01],
    [1_000, 0.003],
  ])('nothing in %i means at most %f', (trials, bound) => {
    expect(missRateBound(trials)).toBeCloseTo(bound, 10);
  });

  it('knows nothing without trials', () => {
    expect(missRateBound(0)).toBeNull();
  });
});
