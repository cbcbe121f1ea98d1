/** A share between two bounds, each from 0 to 1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The two-sided 95 % quantile of the normal distribution. */
const z95 = 1.959963984540054;

/**
 * The Wilson score interval of a share, 95 % unless another `z` is given: honest also for few trials and for shares of 0
 * or 1 (Wilson 1927).
 *
 * Null when there were no trials: nothing is known then, which is neither 0 nor 1. Fails with a RangeError when
 * `successes` is not a whole number from 0 to `trials`.
 */
export function wilson(successes: number, trials: number, z = z95): Interval | null {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials) {
    throw new RangeError('successes must be a whole number from 0 to trials');
  }
  if (trials === 0) return null;
  const share = successes / trials;
  const square = z * z;
  const centre = share + square / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials));
  const scale = 1 + square / trials;
  // Rounding can leave the exact 0 and 1 by an ulp, and then the share would lie outside its own interval.
  return {
    low: successes === 0 ? 0 : (centre - half) / scale,
    high: successes === trials ? 1 : (centre + half) / scale,
  };
}

/**
 * The fewest labels after which a detector with this observed precision has a Wilson lower bound of at least `bound`,
 * with the number of right ones rounded to a whole number.
 *
 * Fails with a RangeError unless 0 < bound < precision <= 1.
 */
export function labelsNeeded(precision: number, bound: number): number {
  if (!(bound > 0 && bound < precision && precision <= 1)) throw new RangeError('needs 0 < bound < precision <= 1');
  for (let labels = 1; ; labels++) {
    const interval = wilson(Math.round(precision * labels), labels);
    if (interval !== null && interval.low >= bound) return labels;
  }
}

/**
 * The 95 % upper bound of a rate when `trials` trials showed nothing: the rule of three, 3 / n. Null without trials.
 */
export const missRateBound = (trials: number): number | null => (trials > 0 ? Math.min(1, 3 / trials) : null);
