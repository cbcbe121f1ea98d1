import { describe, expect, it } from 'vitest';
import { holds, says } from './compare.ts';

describe('what is there', () => {
  it.each([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1, b: null, c: [] }, { a: 1 }, true],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1 }, { a: 1, b: null }, true],
    [[1, 2], [2, 1], false],
    [[1, 2], [1], false],
    ['2026-01-01T00:00:00.000Z', '2026-01-01T01:00+01:00', true],
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01Z', false],
    ['09:00', '09:00', true],
    [0, null, false],
    [false, undefined, false],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
    [[1], { 0: 1 }, false],
    [null, {}, false],
  ])('%j says %j: %s', (there, wanted, is) => {
    expect(says(there, wanted)).toBe(is);
  });

  it('holds the fields that are wanted, whatever else it has', () => {
    expect(holds({ id: 'x', a: 1, more: 2 }, { a: 1 })).toBe(true);
    expect(holds({ id: 'x', a: 1 }, { a: 2 })).toBe(false);
  });
});
