import { describe, expect, it } from 'vitest';
import { erlangC, servedWithin } from './erlang-c.ts';

describe('erlangC', () => {
  it.each([
    [60, 6, 8, 0.357, 1.07, 0.75],
    [20, 15, 7, 0.324, 2.43, 5 / 7],
    [4, 30, 4, 0.174, 2.61, 0.5],
  ])('%i per hour x %i min with %i reviewers', (perHour, minutes, reviewers, waits, meanWait, occupancy) => {
    const staffing = erlangC(perHour, minutes, reviewers);
    expect(staffing.waitProbability).toBeCloseTo(waits, 3);
    expect(staffing.meanWaitMinutes).toBeCloseTo(meanWait, 2);
    expect(staffing.occupancy).toBeCloseTo(occupancy, 10);
  });

  it('says how many are served in time', () => {
    expect(servedWithin(erlangC(20, 15, 7), 15, 15)).toBeCloseTo(0.956, 3);
  });

  it('calls an overloaded queue endless instead of guessing', () => {
    const staffing = erlangC(60, 6, 6);
    expect(staffing).toMatchObject({ waitProbability: 1, meanWaitMinutes: Number.POSITIVE_INFINITY });
    expect(servedWithin(staffing, 6, 1_000)).toBe(0);
  });

  it('stays finite for thousands of reviewers', () => {
    expect(erlangC(100_000, 3, 5_050).waitProbability).toBeGreaterThan(0);
  });

  it.each([
    [0, 6, 1],
    [1, 0, 1],
    [1, 1, 0],
    [1, 1, 1.5],
  ])('refuses %f, %f, %f', (perHour, minutes, reviewers) => {
    expect(() => erlangC(perHour, minutes, reviewers)).toThrow(RangeError);
  });
});
