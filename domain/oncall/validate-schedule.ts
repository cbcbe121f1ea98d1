import { parseClockTime, parseLocalDateTime } from './local-time.ts';
import { overrideRefusal } from './overrides.ts';
import { overlap } from './schedule.ts';
import type {
  Layer,
  Mark,
  Override,
  Period,
  Rotation,
  RotationUnit,
  Schedule,
  TemporarySchedule,
  Window,
} from './schedule.ts';
import { turnLengths } from './turns.ts';
import { isZone } from './zone-clock.ts';

/** What can be wrong with a schedule, and how it is said. */
export const scheduleProblemTitles = {
  empty: 'It must not be empty.',
  too_many: 'There are more of them than a schedule may have.',
  duplicate_id: 'Another one has this id.',
  zone: 'It is no time zone of the IANA database in its exact spelling.',
  local_date_time: 'It is no local date and time from 2000 to 2199, written 2026-01-05T09:00.',
  clock_time: 'It is no clock time from 00:00 to 23:59.',
  turn_length: 'A turn lasts a whole number of its units, at least one and at most a year.',
  participants: 'At least one participant must be a person.',
  weekday: 'Name at least one day, from 1 (Monday) to 7 (Sunday).',
  period: 'It must end after it starts, both from 2000 to 2199.',
  unknown_layer: 'The schedule has no layer with this id.',
  self: 'A person cannot stand in for themselves.',
  conflict: 'Another override already says something about this person in this time.',
  overlap: 'It overlaps another temporary schedule.',
  outside: 'It reaches out of its temporary schedule.',
} as const;
type ScheduleProblemReason = keyof typeof scheduleProblemTitles;

export interface ScheduleProblem {
  /** RFC 6901, into the schedule document. */
  readonly pointer: string;
  readonly reason: ScheduleProblemReason;
}

/** Generous for people, small enough that a year of any valid schedule is computed at once. */
export const scheduleLimits = { layers: 50, participants: 500, windows: 50, turns: 31, exceptions: 2_000 } as const;

type Report = (pointer: string, reason: ScheduleProblemReason) => void;

/**
 * Everything that is wrong with a schedule whose shape is right; empty when nothing is. A schedule without problems has an
 * answer for every instant: `onCallAt`, `segments` and what is built on them never fail on it.
 */
export function validateSchedule(schedule: Schedule): ScheduleProblem[] {
  const problems: ScheduleProblem[] = [];
  const report: Report = (pointer, reason) => {
    problems.push({ pointer, reason });
  };
  if (schedule.id === '') report('/id', 'empty');
  if (!isZone(schedule.zone)) report('/zone', 'zone');
  checkList('/layers', schedule.layers, scheduleLimits.layers, report, checkLayer);
  checkList('/overrides', schedule.overrides, scheduleLimits.exceptions, report, checkPeriod);
  checkList('/temporarySchedules', schedule.temporarySchedules, scheduleLimits.exceptions, report, checkTemporary);
  checkList('/marks', schedule.marks, scheduleLimits.exceptions, report, checkMark);
  checkOverrides(schedule, report);
  schedule.temporarySchedules.forEach((one, index) => {
    const isTaken = schedule.temporarySchedules.slice(0, index).some((earlier) => overlap(earlier, one));
    if (isTaken) report(`/temporarySchedules/${index}`, 'overlap');
  });
  return problems;
}

function checkList<T extends { readonly id: string }>(
  pointer: string,
  list: readonly T[],
  limit: number,
  report: Report,
  check: (pointer: string, item: T, report: Report) => void,
): void {
  if (list.length > limit) report(pointer, 'too_many');
  const ids = new Set<string>();
  list.forEach((item, index) => {
    if (item.id === '') report(`${pointer}/${index}/id`, 'empty');
    if (ids.has(item.id)) report(`${pointer}/${index}/id`, 'duplicate_id');
    ids.add(item.id);
    check(`${pointer}/${index}`, item, report);
  });
}

function checkLayer(pointer: string, layer: Layer, report: Report): void {
  if (layer.zone !== undefined && !isZone(layer.zone)) report(`${pointer}/zone`, 'zone');
  checkRotation(`${pointer}/rotation`, layer.rotation, report);
  const start = checkDateTime(`${pointer}/start`, layer.start, report);
  const end = layer.end === undefined ? null : checkDateTime(`${pointer}/end`, layer.end, report);
  if (start !== null && end !== null && end <= start) report(`${pointer}/end`, 'period');
  if (layer.handOffTime !== undefined) checkClockTime(`${pointer}/handOffTime`, layer.handOffTime, report);
  if (layer.participants.every((participant) => participant === null))
    report(`${pointer}/participants`, 'participants');
  if (layer.participants.length > scheduleLimits.participants) report(`${pointer}/participants`, 'too_many');
  layer.participants.forEach((participant, index) => {
    if (participant === '') report(`${pointer}/participants/${index}`, 'empty');
  });
  const windows = layer.windows ?? [];
  if (windows.length > scheduleLimits.windows) report(`${pointer}/windows`, 'too_many');
  windows.forEach((window, index) => checkWindow(`${pointer}/windows/${index}`, window, report));
}

const longest: Record<RotationUnit, number> = { hour: 366 * 24, day: 366, week: 52, month: 12 };

function checkRotation(pointer: string, rotation: Rotation, report: Report): void {
  const { unit, lengths } = turnLengths(rotation);
  const areProper = lengths.every((length) => Number.isInteger(length) && length >= 1 && length <= longest[unit]);
  if (lengths.length === 0) report(`${pointer}/lengths`, 'empty');
  if (lengths.length > scheduleLimits.turns) report(`${pointer}/lengths`, 'too_many');
  if (!areProper) report(pointer, 'turn_length');
}

function checkWindow(pointer: string, window: Window, report: Report): void {
  checkClockTime(`${pointer}/startTime`, window.startTime, report);
  checkClockTime(`${pointer}/endTime`, window.endTime, report);
  if ('days' in window) {
    if (window.days.length === 0 || !window.days.every(isWeekday)) report(`${pointer}/days`, 'weekday');
    return;
  }
  if (!isWeekday(window.startDay)) report(`${pointer}/startDay`, 'weekday');
  if (!isWeekday(window.endDay)) report(`${pointer}/endDay`, 'weekday');
}

function checkTemporary(pointer: string, temporary: TemporarySchedule, report: Report): void {
  checkPeriod(pointer, temporary, report);
  if (temporary.shifts.length > scheduleLimits.exceptions) report(`${pointer}/shifts`, 'too_many');
  temporary.shifts.forEach((shift, index) => {
    const at = `${pointer}/shifts/${index}`;
    checkPeriod(at, shift, report);
    if (shift.personId === '') report(`${at}/personId`, 'empty');
    if (shift.startAt < temporary.startAt || shift.endAt > temporary.endAt) report(at, 'outside');
  });
}

function checkMark(pointer: string, mark: Mark, report: Report): void {
  checkPeriod(pointer, mark, report);
  if (mark.personId === '') report(`${pointer}/personId`, 'empty');
}

function checkOverrides(schedule: Schedule, report: Report): void {
  const layerIds = new Set(schedule.layers.map((layer) => layer.id));
  const accepted: Override[] = [];
  schedule.overrides.forEach((override, index) => {
    const pointer = `/overrides/${index}`;
    if (override.personId === '') report(`${pointer}/personId`, 'empty');
    if (override.kind === 'replace' && override.byPersonId === '') report(`${pointer}/byPersonId`, 'empty');
    if (override.layerId !== null && !layerIds.has(override.layerId)) report(`${pointer}/layerId`, 'unknown_layer');
    const refusal = overrideRefusal(accepted, override);
    if (refusal === null) accepted.push(override);
    else report(pointer, refusal.code === 'oncall.override_self' ? 'self' : 'conflict');
  });
}

const from = Date.UTC(2000, 0, 1);
const to = Date.UTC(2200, 0, 1);

function checkPeriod(pointer: string, { startAt, endAt }: Period, report: Report): void {
  const areInstants = Number.isInteger(startAt) && Number.isInteger(endAt) && startAt >= from && endAt < to;
  if (!areInstants || endAt <= startAt) report(pointer, 'period');
}

function checkDateTime(pointer: string, text: string, report: Report): number | null {
  const local = parseLocalDateTime(text);
  if (local !== null && local >= from && local < to) return local;
  report(pointer, 'local_date_time');
  return null;
}

function checkClockTime(pointer: string, text: string, report: Report): void {
  if (parseClockTime(text) === null) report(pointer, 'clock_time');
}

const isWeekday = (day: number): boolean => Number.isInteger(day) && day >= 1 && day <= 7;
