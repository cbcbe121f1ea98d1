import { Temporal } from 'temporal-polyfill';
import type { Layer, Override, PersonId, Schedule, Window } from '#domain/oncall/schedule.ts';

/**
 * Who is on call, worked out the slow way: turn after turn on the calendar, minute after minute on the clock, with the time
 * library alone. It shares no code with the product, so that agreeing means something.
 */
export interface Minute {
  readonly at: number;
  readonly people: readonly PersonId[];
  readonly shadows: readonly PersonId[];
  readonly layerId: string | null;
}

const minuteMs = 60_000;

export function* bruteForce(schedule: Schedule, fromMs: number, toMs: number): Generator<Minute> {
  const walks = schedule.layers.map((layer) => layerWalk(layer, layer.zone ?? schedule.zone, fromMs, toMs));
  for (let at = fromMs; at < toMs; at += minuteMs) {
    const bases = walks.map((personAt) => personAt(at));
    yield { at, ...answer(schedule, bases, at) };
  }
}

function answer(schedule: Schedule, bases: readonly (PersonId | null)[], at: number): Omit<Minute, 'at'> {
  const inForce = <T extends { startAt: number; endAt: number }>(list: readonly T[]): T[] =>
    list.filter(({ startAt, endAt }) => startAt <= at && endAt > at);
  const isAway = (person: PersonId): boolean =>
    inForce(schedule.marks).some((mark) => mark.kind === 'unavailable' && mark.personId === person);
  const finish = (on: readonly PersonId[], layerId: string | null) => {
    const people = [...new Set(on)].filter((person) => !isAway(person)).sort();
    const shadows = inForce(schedule.marks)
      .filter((mark) => mark.kind === 'shadow' && !isAway(mark.personId) && !people.includes(mark.personId))
      .map((mark) => mark.personId);
    return { people, shadows: [...new Set(shadows)].sort(), layerId };
  };

  const temporary = inForce(schedule.temporarySchedules)[0];
  if (temporary !== undefined)
    return finish(
      inForce(temporary.shifts).map((shift) => shift.personId),
      null,
    );

  const overrides = inForce(schedule.overrides);
  const everywhere = overrides.filter((one) => one.layerId === null && one.kind === 'add').map((one) => one.personId);
  for (let level = schedule.layers.length - 1; level >= 0; level -= 1) {
    const layerId = schedule.layers[level]?.id ?? null;
    const own = overrides.filter((one) => one.layerId === layerId);
    const all = overrides.filter((one) => one.layerId === null);
    const base = bases[level] ?? null;
    const on = [
      ...(base === null ? [] : exchanged(base, own, all)),
      ...own.filter((one) => one.kind === 'add').map((one) => one.personId),
    ].filter((person) => !isAway(person));
    if (on.length > 0) return finish([...on, ...everywhere], layerId);
  }
  return finish(everywhere, null);
}

function exchanged(base: PersonId, own: readonly Override[], all: readonly Override[]): PersonId[] {
  const ownWord = own.find((one) => one.personId === base);
  const word = ownWord ?? all.find((one) => one.personId === base && one.kind !== 'add');
  if (word === undefined || word.kind === 'add') return [base];
  return word.kind === 'replace' ? [word.byPersonId] : [];
}

/** A question for one layer, to be asked for rising instants. */
function layerWalk(layer: Layer, zone: string, fromMs: number, toMs: number): (at: number) => PersonId | null {
  const windows = layer.windows ?? [];
  const turns = turnList(layer, zone, toMs);
  const openings = windows.length === 0 ? null : openingList(windows, zone, fromMs, toMs);
  const endAt = layer.end === undefined ? Infinity : firstInstant(zone, Temporal.PlainDateTime.from(layer.end));
  let current = -1;
  return (at) => {
    while ((turns[current + 1]?.startAt ?? Infinity) <= at) current += 1;
    if (current < 0 || at >= endAt) return null;
    if (openings !== null && !openings.some(([startAt, closeAt]) => startAt <= at && at < closeAt)) return null;
    return turns[current]?.person ?? null;
  };
}

function turnList(layer: Layer, zone: string, toMs: number): { startAt: number; person: PersonId | null }[] {
  const { rotation } = layer;
  const unit =
    'unit' in rotation
      ? rotation.unit
      : ({ hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month' } as const)[rotation.kind];
  const lengths = rotation.kind === 'pattern' ? rotation.lengths : [rotation.kind === 'custom' ? rotation.every : 1];
  const start = Temporal.PlainDateTime.from(layer.start);
  const anchor = layer.handOffTime === undefined ? start : start.withPlainTime(layer.handOffTime);
  const last = Temporal.Instant.fromEpochMilliseconds(toMs).toZonedDateTimeISO(zone).toPlainDateTime().add({ days: 2 });

  // Hand-offs after the start, by walking the pattern back to before the start and then forward.
  const points: Temporal.PlainDateTime[] = [start];
  const plus = (units: number) => anchor.add({ [`${unit}s`]: units });
  let position = 0;
  let step = 0;
  while (Temporal.PlainDateTime.compare(plus(position), start) > 0) {
    step -= 1;
    position -= lengths.at(((step % lengths.length) + lengths.length) % lengths.length) ?? 0;
  }
  while (Temporal.PlainDateTime.compare(points.at(-1) ?? start, last) < 0) {
    position += lengths[((step % lengths.length) + lengths.length) % lengths.length] ?? 0;
    step += 1;
    if (Temporal.PlainDateTime.compare(plus(position), start) > 0) points.push(plus(position));
  }

  const turns: { startAt: number; person: PersonId | null }[] = [];
  let counted = 0;
  for (let index = 0; index + 1 < points.length; index += 1) {
    const [from, to] = [points[index] ?? start, points[index + 1] ?? start];
    if (showsOpenTime(layer.windows ?? [], from, to)) counted += 1;
    const participant = layer.participants[Math.max(0, counted - 1) % layer.participants.length] ?? null;
    turns.push({ startAt: firstInstant(zone, from), person: participant });
  }
  return turns;
}

/** Looks at each quarter of an hour, which is how finely the random schedules are made. */
function showsOpenTime(windows: readonly Window[], from: Temporal.PlainDateTime, to: Temporal.PlainDateTime): boolean {
  if (windows.length === 0) return true;
  for (let shown = from; Temporal.PlainDateTime.compare(shown, to) < 0; shown = shown.add({ minutes: 15 })) {
    const minuteOfWeek = (shown.dayOfWeek - 1) * 1440 + shown.hour * 60 + shown.minute;
    if (windows.some((window) => isShownOpen(window, minuteOfWeek))) return true;
  }
  return false;
}

function isShownOpen(window: Window, minuteOfWeek: number): boolean {
  const pairs =
    'days' in window ? window.days.map((day) => [day, day] as const) : [[window.startDay, window.endDay] as const];
  return pairs.some(([startDay, endDay]) => {
    const start = (startDay - 1) * 1440 + minutes(window.startTime);
    let end = (endDay - 1) * 1440 + minutes(window.endTime);
    if (end <= start) end += 'days' in window ? 1440 : 7 * 1440;
    return [minuteOfWeek, minuteOfWeek + 7 * 1440].some((minute) => start <= minute && minute < end);
  });
}

/** Every opening that can touch the time asked for, date by date. */
function openingList(windows: readonly Window[], zone: string, fromMs: number, toMs: number): [number, number][] {
  const found: [number, number][] = [];
  const dateAt = (at: number) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
  const last = dateAt(toMs).add({ days: 1 });
  let date = dateAt(fromMs).subtract({ days: 9 });
  for (; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const window of windows) {
      const starts =
        'days' in window ? window.days.some((day) => day === date.dayOfWeek) : window.startDay === date.dayOfWeek;
      if (!starts) continue;
      const isLater = minutes(window.endTime) > minutes(window.startTime);
      const between = 'days' in window ? 0 : (window.endDay - window.startDay + 7) % 7;
      const days = between > 0 ? between : isLater ? 0 : 'days' in window ? 1 : 7;
      found.push([
        firstInstant(zone, date.toPlainDateTime(window.startTime)),
        lastInstant(zone, date.add({ days }).toPlainDateTime(window.endTime)),
      ]);
    }
  }
  return found;
}

const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

function firstInstant(zone: string, shown: Temporal.PlainDateTime): number {
  const moment = shown.toZonedDateTime(zone, { disambiguation: 'earlier' });
  return isShown(moment, shown) ? moment.epochMilliseconds : gapEnd(moment);
}

function lastInstant(zone: string, shown: Temporal.PlainDateTime): number {
  const moment = shown.toZonedDateTime(zone, { disambiguation: 'later' });
  return isShown(moment, shown)
    ? moment.epochMilliseconds
    : gapEnd(shown.toZonedDateTime(zone, { disambiguation: 'earlier' }));
}

const isShown = (moment: Temporal.ZonedDateTime, shown: Temporal.PlainDateTime): boolean =>
  moment.toPlainDateTime().equals(shown);

/** For a time that is skipped, `earlier` lies before the gap: the next change of the clock is its end. */
const gapEnd = (before: Temporal.ZonedDateTime): number =>
  before.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.NaN;
