import { dayMs } from '../time.ts';
import { findGaps } from './coverage.ts';
import type { Period, Schedule } from './schedule.ts';

/** How far ahead somebody must be on call. */
export const gapHorizonMs = 30 * dayMs;

export interface GapFinding {
  readonly gaps: readonly Period[];
  /** True when there is a gap that nobody was told of. */
  readonly isNews: boolean;
  /** The starts to remember: those of the gaps that there are. */
  readonly told: readonly number[];
}

/**
 * Looks for gaps in the 30 days from `now`, given the starts of those that were told of before. A gap that runs already
 * is the one that was told of when it lay ahead.
 */
export function watchGaps(schedule: Schedule, told: readonly number[], now: number): GapFinding {
  const gaps = findGaps(schedule, now, now + gapHorizonMs);
  const known = gaps.map(({ startAt }) =>
    startAt === now ? told.find((at) => at <= now) : told.find((at) => at === startAt),
  );
  return {
    gaps,
    isNews: known.includes(undefined),
    told: gaps.map(({ startAt }, index) => known[index] ?? startAt),
  };
}
