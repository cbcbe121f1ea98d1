import type { Measure } from '#domain/launch/catalogue.ts';
import { judge } from '#domain/launch/check-result.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import type { Percent } from '#domain/launch/duties.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { Tier } from '#domain/launch/tier.ts';
import type { Json } from '#domain/json.ts';
import type { Database } from '#db/client.ts';
import { keepFacts } from '#db/repositories/launch-evidence.ts';

/** What a probe may look at. `percent` is the stage that would open next. */
export interface ProbeInput {
  readonly db: Database;
  readonly launch: Launch;
  readonly tier: Tier;
  readonly percent: Percent;
}

/** What a probe saw. Times are those of Postgres, which recorded the facts. */
export interface Measured {
  /** In the unit of the catalogue's measure; null when nothing was there to be measured. */
  readonly observed: number | null;
  readonly population: number;
  readonly windowMs: number;
  /** Set where a part fails, or cannot be told, that the number does not show. */
  readonly verdict?: 'fail' | 'inconclusive';
  /** Everything that the verdict rests on: ids, counts and times, never content. */
  readonly facts: { readonly [name: string]: Json };
}

export type Probe = (input: ProbeInput) => Promise<Measured>;

/** Judges what was seen by the catalogue, and keeps the facts under the hash that the result names. */
export async function resultOf(db: Database, measure: Measure, tier: Tier, found: Measured): Promise<CheckResult> {
  const { observed, population, windowMs, verdict } = found;
  const evidenceHash = await keepFacts(db, found.facts);
  const result: CheckResult = {
    status: verdict ?? 'pass',
    observed,
    threshold: null,
    population,
    windowMs,
    evidenceHash,
  };
  const { status, threshold } = judge(measure, tier, result);
  return { ...result, status, threshold };
}

/** The share of parts that hold, as the catalogue counts conditions with several parts; null without any. */
export const shareOf = (parts: readonly boolean[]): number | null =>
  parts.length === 0 ? null : parts.filter(Boolean).length / parts.length;
