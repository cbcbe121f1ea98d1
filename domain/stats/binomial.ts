/**
 * The chance of `successes` or more in `trials` trials that each succeed with that chance. Sums exact terms through their
 * logarithms, so that neither large counts nor tiny chances overflow; costs a step per term.
 *
 * Fails with a RangeError when the counts are not whole numbers with `successes <= trials`, or the chance is not one.
 */
export function binomialUpperTail(successes: number, trials: number, chance: number): number {
  if (!Number.isSafeInteger(successes) || !Number.isSafeInteger(trials) || successes < 0 || successes > trials) {
    throw new RangeError('successes must be a whole number from 0 to trials');
  }
  if (!(chance >= 0 && chance <= 1)) throw new RangeError('chance must be from 0 to 1');
  if (successes === 0) return 1;
  if (chance === 0) return 0;
  if (chance === 1) return 1;
  const odds = Math.log(chance) - Math.log1p(-chance);
  let logTerm = trials * Math.log1p(-chance);
  let tail = 0;
  for (let count = 0; count <= trials; count++) {
    if (count > 0) logTerm += Math.log((trials - count + 1) / count) + odds;
    if (count >= successes) tail += Math.exp(logTerm);
  }
  return Math.min(1, tail);
}
