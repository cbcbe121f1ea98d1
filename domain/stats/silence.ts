/**
 * The chance of seeing nothing where `expectedCount` events were expected, were all well (Poisson).
 *
 * Fails with a RangeError when the expectation is negative or not finite.
 */
export function silenceProbability(expectedCount: number): number {
  if (!(expectedCount >= 0 && Number.isFinite(expectedCount))) throw new RangeError('expectedCount must be 0 or more');
  return Math.exp(-expectedCount);
}

/**
 * What a silent detector means: `silent` when seeing nothing was less likely than `level`, `quiet` when it may well be
 * chance, `unmeasurable` when so little was expected that only a canary can tell. With a level of 0.01 the alarm needs
 * an expectation of at least 4.6, with 0.001 of 6.9.
 */
export function judgeSilence(
  count: number,
  expectedCount: number,
  level: number,
): 'heard' | 'silent' | 'quiet' | 'unmeasurable' {
  if (count > 0) return 'heard';
  if (silenceProbability(expectedCount) <= level) return 'silent';
  return expectedCount < 1 ? 'unmeasurable' : 'quiet';
}
