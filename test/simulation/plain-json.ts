import assert from 'node:assert/strict';

const checked = new WeakSet<object>();

/**
 * Asserts that a value survives JSON unchanged: no undefined, Map, Set, Date, class instance, NaN or infinity anywhere.
 *
 * Parts that were checked before are not looked at again, so that a state which shares most of itself with the state
 * before costs only what is new. Whoever calls must therefore not change a value afterwards: freeze it.
 */
export function assertPlainJson(value: unknown, where: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    assert.ok(Number.isFinite(value) && !Object.is(value, -0), `${where} is ${value}, which JSON cannot say`);
    return;
  }
  assert.ok(typeof value === 'object', `${where} is ${typeof value}, which JSON cannot say`);
  if (checked.has(value)) return;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  assert.ok(isPlain, `${where} is no plain object`);
  for (const [key, inner] of Object.entries(value)) assertPlainJson(inner, `${where}.${key}`);
  checked.add(value);
}
