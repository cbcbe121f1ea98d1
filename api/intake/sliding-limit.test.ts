import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlidingLimit } from './sliding-limit.ts';

describe('the limit of a sender', () => {
  it('lets in so many in any 60 seconds, and says when there is room again', () => {
    const limit = createSlidingLimit(3);
    const at = (seconds: number) => limit.take('a', 1_700_000_000_000 + seconds * 1_000);
    expect([at(0), at(10), at(10)]).toEqual([0, 0, 0]);
    expect(at(20)).toBe(40);
    expect(at(59.9)).toBe(1);
    expect(at(60)).toBe(0);
    expect(at(61)).toBe(9);
    expect([at(70), at(70)]).toEqual([0, 0]);
    expect(at(70)).toBe(50);
    expect(at(100_000)).toBe(0);
  });

  it('counts each sender for itself', () => {
    const limit = createSlidingLimit(1);
    expect([limit.take('a', 0), limit.take('b', 0), limit.take('a', 0)]).toEqual([0, 0, 60]);
  });

  it('never lets in more than the limit, and never waits longer than it must', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), arrivals, (most, gaps) => {
        const limit = createSlidingLimit(most);
        const taken: number[] = [];
        let second = 1_000;
        for (const gap of gaps) {
          second += gap;
          const inWindow = taken.filter((at) => at > second - 60);
          const wait = limit.take('a', second * 1_000);
          if (wait === 0) taken.push(second);
          const expected = inWindow.length < most ? 0 : (inWindow[0] ?? 0) + 60 - second;
          expect(wait).toBe(expected);
        }
      }),
    );
  });

  it('stands while the clock is behind', () => {
    const limit = createSlidingLimit(1);
    expect([
      limit.take('a', 100_000),
      limit.take('a', 1_000),
      limit.take('a', 159_000),
      limit.take('a', 160_000),
    ]).toEqual([0, 60, 1, 0]);
  });
});
