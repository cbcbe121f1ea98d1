const checked = new WeakSet<object>();

/**
 * Asserts that a value survives JSON unchanged: no undefined, Map, Set, Date, class instance, NaN or infinity anywhere.
 *
 * Parts that were checked before are not looked at again, so that a state which shares most of itself with the state
 * before costs only what is new. Whoever calls must therefore not change a value afterwards: freeze it.
 */
export function assertPlainJson(value: unknown, where: string): void {
  const fault = faultOf(value);
  if (fault !== null) throw new Error(`${where}${fault}, which JSON cannot say`);
}

/** The path to the first bad place and what is there; null when there is none. */
function faultOf(value: unknown): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? null : ` is ${value}`;
  if (typeof value !== 'object') return ` is ${typeof value}`;
  if (checked.has(value)) return null;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return ' is no plain object';
  // Not by entries: a thousand runs ask this of some million objects.
  for (const key in value) {
    const fault = faultOf((value as Record<string, unknown>)[key]);
    if (fault !== null) return `.${key}${fault}`;
  }
  checked.add(value);
  return null;
}
