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

export function ladderMetrics(ladder: Ladder): LadderMetrics {
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
