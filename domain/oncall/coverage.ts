import { dayMs } from '../time.ts';
import { areEqual, segments } from './segments.ts';
import type { Segment } from './segments.ts';
import type { Period, PersonId, Schedule, Shift } from './schedule.ts';

/** A moment at which the people on call change; `leaving` or `joining` is empty where a gap begins or ends. */
export interface HandOff {
  readonly at: number;
  readonly leaving: readonly PersonId[];
  readonly joining: readonly PersonId[];
}

/** A year and a day: every rotation that people use comes round within it. */
export const nextShiftHorizonMs = 366 * dayMs;

/** The stretches in which nobody is on call, cut off at both ends. */
export function findGaps(schedule: Schedule, fromMs: number, toMs: number): Period[] {
  return joined(segments(schedule, fromMs, toMs).filter((segment) => segment.people.length === 0));
}

/** Who hands to whom, at each change from `fromMs` (included) to `toMs` (not included). */
export function handOffs(schedule: Schedule, fromMs: number, toMs: number): HandOff[] {
  const found: HandOff[] = [];
  let before: readonly PersonId[] | null = null;
  // One millisecond earlier shows whether a change falls on `fromMs` itself.
  for (const { startAt, people } of segments(schedule, fromMs - 1, toMs)) {
    if (before !== null && !areEqual(before, people)) {
      const previous: readonly PersonId[] = before;
      found.push({
        at: startAt,
        leaving: previous.filter((id) => !people.includes(id)),
        joining: people.filter((id) => !previous.includes(id)),
      });
    }
    before = people;
  }
  return found;
}

/**
 * Each person's unbroken stretches on call, ordered by start and then by person, cut off at both ends. Turns of the same
 * person that touch are one shift.
 */
export function shiftsOf(schedule: Schedule, fromMs: number, toMs: number): Shift[] {
  const stretches = segments(schedule, fromMs, toMs);
  const people = [...new Set(stretches.flatMap((segment) => segment.people))].sort();
  return people
    .flatMap((personId) => stretchesOf(personId, stretches).map((period) => ({ personId, ...period })))
    .sort((a, b) => a.startAt - b.startAt || (a.personId < b.personId ? -1 : 1));
}

/**
 * The person's next shift that starts at or after `fromMs`: a shift that is running already is not it. Null when none
 * starts within `nextShiftHorizonMs`; `endAt` is null when it is not over by then.
 */
export function nextShift(
  schedule: Schedule,
  personId: PersonId,
  fromMs: number,
): { readonly startAt: number; readonly endAt: number | null } | null {
  const horizonAt = fromMs + nextShiftHorizonMs;
  const next = stretchesOf(personId, segments(schedule, fromMs - 1, horizonAt)).find(
    ({ startAt }) => startAt >= fromMs,
  );
  return next === undefined ? null : { startAt: next.startAt, endAt: next.endAt === horizonAt ? null : next.endAt };
}

const stretchesOf = (personId: PersonId, all: readonly Segment[]): Period[] =>
  joined(all.filter((segment) => segment.people.includes(personId)));

/** Joins periods that touch; they must be in order. */
function joined(periods: readonly Period[]): Period[] {
  const found: { startAt: number; endAt: number }[] = [];
  for (const { startAt, endAt } of periods) {
    const last = found.at(-1);
    if (last !== undefined && last.endAt === startAt) last.endAt = endAt;
    else found.push({ startAt, endAt });
  }
  return found;
}
