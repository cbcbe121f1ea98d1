import { dayMs, minuteMs } from '../time.ts';
import type { ClockTime, LocalDateTime, Weekday } from './schedule.ts';

/**
 * Local time as a number: what the wall clock shows, in milliseconds since it showed 1970-01-01 00:00. It is no instant:
 * zone-clock.ts turns one into the other. Counting in it is counting on the wall clock, as rotations and windows do.
 */
export type LocalMs = number;

export const weekMs = 7 * dayMs;

const clockPattern = /^([01]\d|2[0-3]):([0-5]\d)$/;
const dateTimePattern = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})$/;

/** Milliseconds since midnight, or null when the text is no clock time. */
export function parseClockTime(text: ClockTime): number | null {
  const match = clockPattern.exec(text);
  return match === null ? null : (Number(match[1]) * 60 + Number(match[2])) * minuteMs;
}

/** The local time, or null when the text is no date and clock time of the calendar (30 February is none). */
export function parseLocalDateTime(text: LocalDateTime): LocalMs | null {
  const match = dateTimePattern.exec(text);
  if (match === null) return null;
  const midnight = Date.parse(`${match[1]}T00:00Z`);
  const clock = parseClockTime(match[2] ?? '');
  // Date.parse reads 30 February as 1 March: only a date that comes back unchanged exists.
  if (clock === null || Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(`${match[1]}T`))
    return null;
  return midnight + clock;
}

export const startOfDay = (local: LocalMs): LocalMs => Math.floor(local / dayMs) * dayMs;

// 1970-01-01 was a Thursday, so weeks that start on Monday began three days earlier.
export const startOfWeek = (local: LocalMs): LocalMs => Math.floor((local + 3 * dayMs) / weekMs) * weekMs - 3 * dayMs;

export const weekdayOf = (local: LocalMs): Weekday => (Math.floor((local - startOfWeek(local)) / dayMs) + 1) as Weekday;

/** The same day and clock time, that many months later; a month that is too short gives its last day. */
export function addMonths(local: LocalMs, months: number): LocalMs {
  const date = new Date(local);
  const month = date.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const midnight = Date.UTC(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), lastDay));
  return midnight + (local - startOfDay(local));
}

/** How many whole months after `from` the local time is; the largest n for which `addMonths(from, n)` is not after it. */
export function wholeMonthsBetween(from: LocalMs, local: LocalMs): number {
  const start = new Date(from);
  const date = new Date(local);
  const months = (date.getUTCFullYear() - start.getUTCFullYear()) * 12 + date.getUTCMonth() - start.getUTCMonth();
  return addMonths(from, months) <= local ? months : months - 1;
}
