import { dayMs, minuteMs } from '../time.ts';
import { handOffs, nextShiftHorizonMs } from './coverage.ts';
import type { HandOff } from './coverage.ts';
import { quietHoursAround } from './notification-rules.ts';
import type { PersonalRules } from './notification-rules.ts';
import type { PersonId, Schedule } from './schedule.ts';
import { onCallAt } from './segments.ts';

/** That a person comes on call, and when they are told of it. */
export interface HandOffNotice {
  readonly personId: PersonId;
  readonly handOffAt: number;
  readonly dueAt: number;
}

/** How a person is told of what is no emergency. */
export interface Habits {
  readonly timeZone: string;
  readonly quietHours: PersonalRules['quietHours'];
}

/** Of a hand-off that long ago people are still told, should nobody have looked in time. */
const lateMs = 15 * minuteMs;

/**
 * Who must be told that they come on call, in order of time: `noticeMs` before the hand-off, or as long before the quiet
 * hours in which that moment lies. What is due before `now` is due at once: someone was put on call late.
 *
 * Complete for whatever is due by `now`; of what is due later, at least the next. Fails with `oncall.zone_unknown`.
 */
export function handOffNotices(
  schedule: Schedule,
  noticeMs: number,
  now: number,
  habitsOf: (personId: PersonId) => Habits,
): HandOffNotice[] {
  // Quiet hours are shorter than a day, so no notice is due longer than that before its usual moment.
  return handOffs(schedule, now - lateMs, now + 2 * noticeMs + 2 * dayMs)
    .flatMap(({ at, joining }) =>
      joining.map((personId) => ({ personId, handOffAt: at, dueAt: dueAt(at, noticeMs, habitsOf(personId)) })),
    )
    .sort((a, b) => a.dueAt - b.dueAt);
}

function dueAt(handOffAt: number, noticeMs: number, { timeZone, quietHours }: Habits): number {
  const usual = handOffAt - noticeMs;
  const quiet = quietHoursAround(quietHours, timeZone, usual);
  return quiet === null ? usual : quiet.startAt - noticeMs;
}

/**
 * When a person who is on call goes off, or when they went off within the last day: the hand-off for which they may leave
 * a note. Null when they hand over nothing here.
 */
export function handsOverAt(schedule: Schedule, personId: PersonId, now: number): number | null {
  const leaves = ({ leaving }: HandOff): boolean => leaving.includes(personId);
  const found = onCallAt(schedule, now).onCall.includes(personId)
    ? handOffs(schedule, now, now + nextShiftHorizonMs).find(leaves)
    : handOffs(schedule, now - dayMs, now + 1).findLast(leaves);
  return found?.at ?? null;
}
