import type { Measure } from './catalogue.ts';
import type { Tier } from './tier.ts';

/** What a measurement can say of itself. */
export const resultStatuses = ['pass', 'warn', 'fail', 'inconclusive', 'error', 'not_reported'] as const;
export type ResultStatus = (typeof resultStatuses)[number];

/**
 * The result of one measurement, by Vigil or reported from outside. It always says what was seen, what was asked for,
 * among how many, over which time, and where the proof is. `observed`, `threshold` and `evidenceHash` are null only
 * when nothing was measured, which is never a pass.
 */
export type CheckResult = {
  readonly status: ResultStatus;
  readonly observed: number | null;
  readonly threshold: number | null;
  readonly population: number;
  readonly windowMs: number;
  /** SHA-256 of the evidence, lower-case hex. */
  readonly evidenceHash: string | null;
};

const sha256 = /^[0-9a-f]{64}$/;
export const isHash = (text: string): boolean => sha256.test(text);

/** True when the numbers are numbers, population and window are not negative, and the hash is one. */
export function isWellFormed(result: CheckResult): boolean {
  const numbers = [result.observed, result.threshold].filter((number) => number !== null);
  return (
    resultStatuses.includes(result.status) &&
    numbers.every(Number.isFinite) &&
    Number.isSafeInteger(result.population) &&
    result.population >= 0 &&
    Number.isFinite(result.windowMs) &&
    result.windowMs >= 0 &&
    (result.evidenceHash === null || isHash(result.evidenceHash))
  );
}

/**
 * What a reported result is worth: its own status, unless the catalogue says less.
 *
 * A population of 0 is `not_reported` whatever the status claims, a small sample or a short window is `inconclusive`,
 * and a number beyond the threshold is `fail`. The stricter of the catalogue's and the reporter's threshold counts. A
 * reporter can make a result worse, never better.
 */
export function judge(measure: Measure, tier: Tier, result: CheckResult): { status: ResultStatus; threshold: number } {
  const own = measure.threshold[tier];
  const higher = measure.better === 'higher';
  const reported = result.threshold ?? own;
  const threshold = higher ? Math.max(own, reported) : Math.min(own, reported);
  return { status: statusOf(), threshold };

  function statusOf(): ResultStatus {
    if (!isWellFormed(result) || result.status === 'error') return 'error';
    const { observed, population, evidenceHash } = result;
    if (result.status === 'not_reported' || population === 0 || observed === null || evidenceHash === null) {
      return 'not_reported';
    }
    if (result.status === 'fail' || result.status === 'inconclusive') return result.status;
    if (population < measure.minPopulation[tier] || result.windowMs < measure.minWindowMs[tier]) return 'inconclusive';
    const meets = higher ? observed >= threshold : observed <= threshold;
    return meets ? result.status : 'fail';
  }
}
