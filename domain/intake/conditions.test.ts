import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allHold, fits, holds } from './conditions.ts';
import type { Condition } from './conditions.ts';

describe('a pattern', () => {
  it.each([
    ['pay*', 'payments', true],
    ['pay*', 'pay', true],
    ['pay*', 'repay', false],
    ['*-eu', 'db-eu', true],
    ['*-eu', 'db-eu-2', false],
    ['db-*-eu', 'db-7-eu', true],
    ['db-*-eu', 'db-eu', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*b*b*', 'abab', true],
    ['*b*b*', 'ab', false],
    ['*', '', true],
    ['', '', true],
    ['', 'x', false],
    ['a.c', 'abc', false],
    ['a.c', 'a.c', true],
    ['(a+)+$', '(a+)+$', true],
    ['a*b*ab', 'aab', false],
  ])('%j against %j: %s', (pattern, text, fit) => expect(fits(pattern, text)).toBe(fit));

  it('means what the regular expression of the same text means', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 });
    const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 });
    fc.assert(
      fc.property(letters, text, (pattern, given) => {
        const wanted = new RegExp(`^${pattern.join('').replaceAll('*', '.*')}$`, 's').test(given.join(''));
        expect(fits(pattern.join(''), given.join(''))).toBe(wanted);
      }),
    );
  });

  it('is never slow', () => {
    const began = performance.now();
    expect(fits(`${'a*'.repeat(127)}b`, 'a'.repeat(100_000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

it.each<[Condition, boolean]>([
  [{ label: 'team', is: 'equals', value: 'pay' }, true],
  [{ label: 'team', is: 'equals', value: 'Pay' }, false],
  [{ label: 'none', is: 'equals', value: '' }, false],
  [{ label: 'team', is: 'notEquals', value: 'pay' }, false],
  [{ label: 'none', is: 'notEquals', value: 'pay' }, true],
  [{ label: 'team', is: 'present' }, true],
  [{ label: 'none', is: 'present' }, false],
  [{ label: 'none', is: 'matches', pattern: '*' }, false],
  [{ label: 'toString', is: 'present' }, false],
  [{ label: '__proto__', is: 'matches', pattern: '*' }, false],
])('%j', (condition, is) => expect(holds(condition, { team: 'pay' })).toBe(is));

it('holds when all hold, and of everything when nothing is asked', () => {
  const labels = { team: 'pay', env: 'prod' };
  const isTeam: Condition = { label: 'team', is: 'equals', value: 'pay' };
  expect(allHold([], labels)).toBe(true);
  expect(allHold([isTeam, { label: 'env', is: 'matches', pattern: 'p*' }], labels)).toBe(true);
  expect(allHold([isTeam, { label: 'env', is: 'equals', value: 'test' }], labels)).toBe(false);
});
