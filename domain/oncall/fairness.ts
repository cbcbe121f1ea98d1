import { dayMs, hourMs } from '../time.ts';
import { shiftsOf } from './coverage.ts';
import { parseClockTime, startOfDay } from './local-time.ts';
import { covers, overlap } from './schedule.ts';
import type { ClockTime, Period, PersonId, Schedule } from './schedule.ts';
import { zoneClock } from './zone-clock.ts';
import type { ZoneClock } from './zone-clock.ts';

export interface HoursOnCall {
  readonly personId: PersonId;
  readonly hours: number;
}

export interface NightsOnCall {
  readonly personId: PersonId;
  readonly nights: number;
}

/** Local hours in which people sleep: eight, with the five from midnight that every night-work law counts in it. */
const nightHours: { readonly startTime: ClockTime; readonly endTime: ClockTime } = {
  startTime: '22:00',
  endTime: '06:00',
};

/** Hours on call of each person who is on call at all, in elapsed time (a night in which clocks go back is longer). */
export function hoursPerPerson(schedule: Schedule, fromMs: number, toMs: number): HoursOnCall[] {
  const totals = new Map<PersonId, number>();
  for (const { personId, startAt, endAt } of shiftsOf(schedule, fromMs, toMs)) {
    totals.set(personId, (totals.get(personId) ?? 0) + endAt - startAt);
  }
  return [...totals].sort(byPerson).map(([personId, totalMs]) => ({ personId, hours: totalMs / hourMs }));
}

/**
 * In how many of their own nights each person was on call for any time. `zoneOf` gives a person's zone; a night belongs to
 * the evening on which it begins.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function nightsPerPerson(
  schedule: Schedule,
  fromMs: number,
  toMs: number,
  zoneOf: (personId: PersonId) => string,
): NightsOnCall[] {
  const nights = new Map<PersonId, Set<number>>();
  for (const shift of shiftsOf(schedule, fromMs, toMs)) {
    const clock = zoneClock(zoneOf(shift.personId));
    const counted = nights.get(shift.personId) ?? new Set();
    nights.set(shift.personId, counted);
    const lastDay = startOfDay(clock.localAt(shift.endAt));
    for (let day = startOfDay(clock.localAt(shift.startAt)) - dayMs; day <= lastDay; day += dayMs) {
      const night = nightBegunOn(clock, day);
      if (overlap(night, shift)) counted.add(day);
    }
  }
  return [...nights].sort(byPerson).map(([personId, counted]) => ({ personId, nights: counted.size }));
}

/**
 * The night of a person's zone in which an instant lies, named by the local date of its evening (`2026-01-05`); null by
 * day. Night is from 22:00 to 06:00.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function nightOf(zone: string, at: number): string | null {
  const clock = zoneClock(zone);
  const today = startOfDay(clock.localAt(at));
  const day = [today - dayMs, today].find((one) => covers(nightBegunOn(clock, one), at));
  return day === undefined ? null : new Date(day).toISOString().slice(0, 10);
}

const evening = parseClockTime(nightHours.startTime) ?? 0;
const morning = (parseClockTime(nightHours.endTime) ?? 0) + dayMs;

const nightBegunOn = (clock: ZoneClock, day: number): Period => ({
  startAt: clock.firstAt(day + evening),
  endAt: clock.lastAt(day + morning),
});

/**
 * How evenly hours are shared, from 0 to 1: the mean over all pairs of people of the smaller share over the larger. One
 * person or nobody is 1.
 */
export function balanceOf(shares: readonly HoursOnCall[]): number {
  let sum = 0;
  let pairs = 0;
  for (const [index, one] of shares.entries()) {
    for (const other of shares.slice(index + 1)) {
      const larger = Math.max(one.hours, other.hours);
      sum += larger === 0 ? 1 : Math.min(one.hours, other.hours) / larger;
      pairs += 1;
    }
  }
  return pairs === 0 ? 1 : sum / pairs;
}

const byPerson = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;
