import { dayMs } from '../time.ts';
import type { LocalMs } from './local-time.ts';
import { parseClockTime, startOfWeek, weekMs } from './local-time.ts';
import type { Window } from './schedule.ts';
import type { ZoneClock } from './zone-clock.ts';

interface OpenState {
  readonly isOpen: boolean;
  /** The state holds at least until here. */
  readonly untilAt: number;
}

/** The opening hours of a layer, the same every week on the wall clock. */
export interface WeeklyHours {
  /** Whether they are open at an instant. An opening starts at the first and ends at the last occurrence of its times. */
  at(at: number): OpenState;
  /** Whether the wall clock shows an open time anywhere from `startLocal` to `endLocal`. */
  opensWithin(startLocal: LocalMs, endLocal: LocalMs): boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Compiles windows for a zone; null when they leave no minute of the week out, and so restrict nothing. */
export function weeklyHours(windows: readonly Window[], clock: ZoneClock): WeeklyHours | null {
  const spans = mergeWeekly(windows.flatMap(spansOf));
  if (spans === null || spans.length === 0) return null;

  // Openings are numbered through the weeks, so that the next one is always the next number.
  const count = spans.length;
  const starts = spans.map((span) => span.start);
  const ends = spans.map((span) => span.end);
  const timeOf = (times: readonly number[], index: number): LocalMs => {
    const week = Math.floor(index / count);
    return firstMonday + week * weekMs + (times[index - week * count] ?? 0);
  };
  const startOf = (index: number): LocalMs => timeOf(starts, index);
  const endOf = (index: number): LocalMs => timeOf(ends, index);
  // The last opening that begins at or before this local time, by the wall clock.
  const lastBegun = (local: LocalMs): number => {
    const monday = startOfWeek(local);
    let inWeek = count - 1;
    while (inWeek >= 0 && (starts[inWeek] ?? 0) > local - monday) inWeek -= 1;
    return Math.round((monday - firstMonday) / weekMs) * count + inWeek;
  };

  return {
    at: (at) => {
      let index = lastBegun(clock.localAt(at));
      let nextAt = clock.firstAt(startOf(index + 1));
      // In a repeated hour the clock shows less than it has already shown.
      while (nextAt <= at) {
        index += 1;
        nextAt = clock.firstAt(startOf(index + 1));
      }
      const endAt = clock.lastAt(endOf(index));
      return at < endAt ? { isOpen: true, untilAt: endAt } : { isOpen: false, untilAt: nextAt };
    },
    opensWithin: (startLocal, endLocal) => {
      const index = lastBegun(startLocal);
      return endOf(index) > startLocal || startOf(index + 1) < endLocal;
    },
  };
}

const firstMonday = startOfWeek(0);

/** The spans of one week, from Monday 00:00; a span may run over the end of its week. */
function spansOf(window: Window): Span[] {
  const from = parseClockTime(window.startTime) ?? 0;
  const to = parseClockTime(window.endTime) ?? 0;
  if ('days' in window) {
    const length = to > from ? to - from : to - from + dayMs;
    return window.days.map((day) => ({ start: (day - 1) * dayMs + from, end: (day - 1) * dayMs + from + length }));
  }
  const start = (window.startDay - 1) * dayMs + from;
  const end = (window.endDay - 1) * dayMs + to;
  return [{ start, end: end > start ? end : end + weekMs }];
}

/** Joins spans that touch, around the week's end too; null when they fill the week. */
function mergeWeekly(spans: readonly Span[]): Span[] | null {
  // The weeks before and after are laid beside the week, so that spans running over its ends meet those they overlap.
  const sorted = [-weekMs, 0, weekMs]
    .flatMap((shift) => spans.map(({ start, end }) => ({ start: start + shift, end: end + shift })))
    .sort((a, b) => a.start - b.start);
  const joined: { start: number; end: number }[] = [];
  for (const span of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  if (joined.some(({ start, end }) => end - start >= weekMs)) return null;
  return joined.filter(({ start }) => start >= 0 && start < weekMs);
}
