import { expect, it } from 'vitest';
import { assertPlainJson } from './plain-json.ts';

it('lets plain JSON pass', () => {
  expect(() => assertPlainJson({ a: [1, 'x', null, true, { b: [] }] }, 'state')).not.toThrow();
});

it.each([
  ['undefined', { a: { b: undefined } }, 'state.a.b'],
  ['a Map', { a: new Map() }, 'state.a'],
  ['a Set', [new Set()], 'state.0'],
  ['a Date', { a: new Date(0) }, 'state.a'],
  ['NaN', { a: Number.NaN }, 'state.a'],
  ['infinity', { a: Infinity }, 'state.a'],
  ['minus zero', { a: -0 }, 'state.a'],
  ['a function', { a: () => 1 }, 'state.a'],
])('finds %s and names the place', (_name, value, where) => {
  expect(() => assertPlainJson(value, 'state')).toThrow(where);
});
