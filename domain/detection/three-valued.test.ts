import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allOf, anyOf, not } from './three-valued.ts';
import type { Truth } from './three-valued.ts';

const truth = fc.constantFrom<Truth>(true, false, 'unknown');
const truths = fc.array(truth, { maxLength: 6 });

describe('three-valued logic', () => {
  it.each<[Truth, Truth, Truth, Truth]>([
    [true, 'unknown', 'unknown', true],
    [false, 'unknown', false, 'unknown'],
    ['unknown', 'unknown', 'unknown', 'unknown'],
    [true, false, false, true],
  ])('%s with %s: all is %s, any is %s', (a, b, all, any) => {
    expect(allOf([a, b])).toBe(all);
    expect(allOf([b, a])).toBe(all);
    expect(anyOf([a, b])).toBe(any);
    expect(anyOf([b, a])).toBe(any);
  });

  it('keeps de Morgan and double negation', () => {
    fc.assert(
      fc.property(truths, (ts) => {
        expect(not(allOf(ts))).toBe(anyOf(ts.map(not)));
        expect(not(anyOf(ts))).toBe(allOf(ts.map(not)));
        expect(ts.map(not).map(not)).toEqual(ts);
      }),
    );
  });

  it('decides only what no later knowledge could undo', () => {
    fc.assert(
      fc.property(truths, fc.infiniteStream(fc.boolean()), (ts, later) => {
        const known = ts.map((t) => (t === 'unknown' ? (later.next().value ?? false) : t));
        for (const join of [allOf, anyOf]) {
          const before = join(ts);
          if (before !== 'unknown') expect(join(known)).toBe(before);
        }
      }),
    );
  });
});
