import type { ActiveOverrides } from './overrides.ts';
import { covers } from './schedule.ts';
import type { Override, PersonId, Schedule, TemporarySchedule } from './schedule.ts';

/** What holds between two neighbouring edges of overrides, temporary schedules and marks. */
export interface Exceptions extends ActiveOverrides {
  readonly untilAt: number;
  readonly temporary: TemporarySchedule | null;
  readonly unavailable: ReadonlySet<PersonId>;
  readonly shadows: readonly PersonId[];
  readonly areNone: boolean;
}

/** Finds the exceptions of a schedule that are in force at an instant. Questions in order of time are the cheap ones. */
export function exceptionClock(schedule: Schedule): (at: number) => Exceptions {
  const periods = [
    ...schedule.overrides,
    ...schedule.marks,
    ...schedule.temporarySchedules,
    ...schedule.temporarySchedules.flatMap((temporary) => temporary.shifts),
  ];
  const edges = [...new Set(periods.flatMap(({ startAt, endAt }) => [startAt, endAt]))].sort((a, b) => a - b);
  let known: Exceptions | null = null;
  let knownFrom = Infinity;

  return (at) => {
    if (known !== null && knownFrom <= at && at < known.untilAt) return known;
    knownFrom = at;
    known = collect(schedule, at, edges.find((edge) => edge > at) ?? Infinity);
    return known;
  };
}

function collect(schedule: Schedule, at: number, untilAt: number): Exceptions {
  const overrides = schedule.overrides.filter((override) => covers(override, at));
  const marks = schedule.marks.filter((mark) => covers(mark, at));
  const ofLayer = new Map<string, Override[]>();
  for (const override of overrides) {
    if (override.layerId === null) continue;
    const scoped = ofLayer.get(override.layerId);
    if (scoped === undefined) ofLayer.set(override.layerId, [override]);
    else scoped.push(override);
  }
  const unavailable = new Set(marks.filter((mark) => mark.kind === 'unavailable').map((mark) => mark.personId));
  const shadowing = marks.filter((mark) => mark.kind === 'shadow' && !unavailable.has(mark.personId));
  return {
    untilAt,
    temporary: schedule.temporarySchedules.find((temporary) => covers(temporary, at)) ?? null,
    ofLayer,
    global: overrides.filter((override) => override.layerId === null),
    unavailable,
    shadows: sorted(new Set(shadowing.map((mark) => mark.personId))),
    areNone: overrides.length === 0 && marks.length === 0,
  };
}

/** In order and without repeats, so that equal sets are equal lists. */
export const sorted = (ids: Iterable<string>): string[] => [...new Set(ids)].sort();
