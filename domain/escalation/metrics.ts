import type { Ladder } from './ladder.ts';

/** Milliseconds from the opening; null for what has not happened. A hold counts, since the alert was there already. */
export interface LadderMetrics {
  /** Until the first page was ordered. */
  readonly toFirstAttemptMs: number | null;
  /** Until a person who had been paged first did anything: only that proves that a page reached someone. */
  readonly toFirstHumanMs: number | null;
  /** Until a person first acknowledged, paged or not. */
  readonly toAckMs: number | null;
  readonly toResolveMs: number | null;
  readonly pages: number;
  /** Pages of which it is not known whether they arrived. */
  readonly unknownPages: number;
  readonly failedPages: number;
}

/** The part of a ladder that its metrics are read from. */
export type MeasuredLadder = Pick<
  Ladder,
  'openedAt' | 'firstAttemptAt' | 'firstHumanAt' | 'firstAckAt' | 'resolution' | 'counts'
>;

export function ladderMetrics(ladder: MeasuredLadder): LadderMetrics {
  const since = (at: number | null): number | null => (at === null ? null : at - ladder.openedAt);
  const { counts } = ladder;
  return {
    toFirstAttemptMs: since(ladder.firstAttemptAt),
    toFirstHumanMs: since(ladder.firstHumanAt),
    toAckMs: since(ladder.firstAckAt),
    toResolveMs: since(ladder.resolution?.at ?? null),
    pages: counts.started,
    unknownPages: counts.unknown,
    failedPages: counts.failed_permanent + counts.failed_transient,
  };
}

/** How long something took, over those escalations in which it happened. Null where it happened in none. */
export interface Spread {
  readonly count: number;
  /** Half took no longer. */
  readonly p50Ms: number | null;
  /** Nine of ten took no longer. */
  readonly p90Ms: number | null;
}

export interface LadderSummary {
  readonly toFirstAttempt: Spread;
  readonly toFirstHuman: Spread;
  readonly toAck: Spread;
  readonly toResolve: Spread;
  readonly pages: number;
  readonly unknownPages: number;
  readonly failedPages: number;
}

/** The metrics of many ladders. Percentiles are the nearest rank: a time that really occurred. */
export function summariseLadders(all: readonly LadderMetrics[]): LadderSummary {
  const spread = (of: (one: LadderMetrics) => number | null): Spread =>
    spreadOf(all.map(of).filter((ms) => ms !== null));
  const sum = (of: (one: LadderMetrics) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    toFirstAttempt: spread((one) => one.toFirstAttemptMs),
    toFirstHuman: spread((one) => one.toFirstHumanMs),
    toAck: spread((one) => one.toAckMs),
    toResolve: spread((one) => one.toResolveMs),
    pages: sum((one) => one.pages),
    unknownPages: sum((one) => one.unknownPages),
    failedPages: sum((one) => one.failedPages),
  };
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const rank = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { count: sorted.length, p50Ms: rank(0.5), p90Ms: rank(0.9) };
}
