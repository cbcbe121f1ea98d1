import { rosterClock } from './on-call.ts';
import type { Roster, Source } from './on-call.ts';
import type { Period, PersonId, Schedule } from './schedule.ts';

/** Who is on call, and why: enough for a page to say by which rule and schedule version it chose its person. */
export interface OnCallAnswer {
  readonly onCall: readonly PersonId[];
  /** Paged too, but cannot stop the ladder. */
  readonly shadows: readonly PersonId[];
  readonly why: Source & { readonly scheduleId: string; readonly scheduleVersion: number };
}

/** A stretch of time with one answer. Neighbours differ in people, shadows or source. */
export interface Segment extends Period {
  readonly people: readonly PersonId[];
  readonly shadows: readonly PersonId[];
  readonly source: Source;
}

/**
 * Who is on call at an instant: whoever starts exactly then is, whoever ends exactly then is not. Nobody is an empty list.
 *
 * Fails with `oncall.zone_unknown` when the schedule was never validated.
 */
export function onCallAt(schedule: Schedule, instantMs: number): OnCallAnswer {
  const { people, shadows, source } = rosterClock(schedule).at(instantMs).roster;
  return { onCall: people, shadows, why: { ...source, scheduleId: schedule.id, scheduleVersion: schedule.version } };
}

/**
 * The time from `fromMs` to `toMs` in segments without a hole between them, empty ones included, cut off at both ends.
 * Agrees with `onCallAt` at every instant.
 *
 * Fails with `oncall.zone_unknown` when the schedule was never validated.
 */
export function segments(schedule: Schedule, fromMs: number, toMs: number): Segment[] {
  const clock = rosterClock(schedule);
  const found: Segment[] = [];
  let open: { roster: Roster; startAt: number } | null = null;
  let at = fromMs;
  while (at < toMs) {
    const { roster, untilAt } = clock.at(at);
    if (open === null || !isSame(open.roster, roster)) {
      if (open !== null) found.push({ startAt: open.startAt, endAt: at, ...open.roster });
      open = { roster, startAt: at };
    }
    at = untilAt;
  }
  if (open !== null) found.push({ startAt: open.startAt, endAt: toMs, ...open.roster });
  return found;
}

function isSame(a: Roster, b: Roster): boolean {
  if (a === b) return true;
  return (
    areEqual(a.people, b.people) &&
    areEqual(a.shadows, b.shadows) &&
    a.source.kind === b.source.kind &&
    a.source.temporaryScheduleId === b.source.temporaryScheduleId &&
    a.source.layerId === b.source.layerId &&
    areEqual(a.source.overrideIds, b.source.overrideIds) &&
    areEqual(a.source.unavailableIds, b.source.unavailableIds)
  );
}

export const areEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index]);
