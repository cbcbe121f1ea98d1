/** The running sum of a Bernoulli CUSUM: how strongly the labels so far speak for the worse precision. */
export interface Cusum {
  readonly sum: number;
  readonly labels: number;
  readonly alarmed: boolean;
}

export interface CusumDesign {
  /** The precision that was measured when the detector was promoted. */
  readonly good: number;
  /** The precision that must be noticed. */
  readonly bad: number;
  /**
   * The alarm limit. For .90 to .80, 3.5 gives one false alarm in about 1,050 labels and notices the fall after about
   * 61; 5 gives one in about 5,240 and notices after about 97.
   */
  readonly limit: number;
}

export const freshCusum: Cusum = { sum: 0, labels: 0, alarmed: false };

/**
 * Adds one label of a detector's signal. Once alarmed it stays so, until a person starts a fresh sum.
 *
 * Fails with a RangeError unless 0 < bad < good < 1 and the limit is positive.
 */
export function addLabel(cusum: Cusum, right: boolean, design: CusumDesign): Cusum {
  const { good, bad, limit } = design;
  if (!(bad > 0 && bad < good && good < 1 && limit > 0)) throw new RangeError('needs 0 < bad < good < 1 and limit > 0');
  const weight = right ? Math.log(bad / good) : Math.log((1 - bad) / (1 - good));
  const sum = Math.max(0, cusum.sum + weight);
  return { sum, labels: cusum.labels + 1, alarmed: cusum.alarmed || sum >= limit };
}
