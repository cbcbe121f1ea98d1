import type { ErrorCode } from '../errors.ts';
import { overlap } from './schedule.ts';
import type { Mark, TemporarySchedule } from './schedule.ts';

/** Why something may not stand beside what a schedule holds already, and which entry is in its way. */
export interface AdditionRefusal {
  readonly code: ErrorCode;
  readonly conflictsWith: string | null;
}

/** Only one temporary schedule decides at a time. Null when the new one may stand beside the others. */
export function temporaryScheduleRefusal(
  existing: readonly TemporarySchedule[],
  candidate: Omit<TemporarySchedule, 'id'>,
): AdditionRefusal | null {
  const rival = existing.find((other) => overlap(other, candidate));
  return rival === undefined ? null : { code: 'oncall.temporary_schedule_conflict', conflictsWith: rival.id };
}

/** The same is not said of a person twice for the same time. Null when the new mark says something new. */
export function markRefusal(existing: readonly Mark[], candidate: Omit<Mark, 'id'>): AdditionRefusal | null {
  const rival = existing.find(
    (other) => other.kind === candidate.kind && other.personId === candidate.personId && overlap(other, candidate),
  );
  return rival === undefined ? null : { code: 'oncall.mark_conflict', conflictsWith: rival.id };
}
