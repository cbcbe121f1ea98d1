import { Temporal } from 'temporal-polyfill';
import { VigilError } from '../errors.ts';
import { dayMs } from '../time.ts';
import type { LocalMs } from './local-time.ts';

/** Turns instants into what the wall clock of one zone shows, and back, where a clock time may occur twice or never. */
export interface ZoneClock {
  localAt(at: number): LocalMs;
  /** The first instant at which the clock shows this time; for a time that is skipped, the first instant after the gap. */
  firstAt(local: LocalMs): number;
  /** The last instant at which the clock shows this time; for a time that is skipped, the first instant after the gap. */
  lastAt(local: LocalMs): number;
}

// Offsets are known from 2000 on; before, and after 2200, a zone keeps the offset that it has at that end.
const knownFrom = Date.UTC(2000, 0, 1);
const knownTo = Date.UTC(2200, 0, 1);

// Further than any offset from UTC, so that a local time can be looked up as if it were an instant.
const margin = 2 * dayMs;

// Link names and their targets in one spelling each: what Temporal also takes for a zone (offsets, annotated text) is refused.
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

// A memo of the zone database, which does not change while a process runs; at most one entry for each of its names.
const clocks = new Map<string, ZoneClock>();

/** True for a zone name of the IANA database in its exact spelling; offsets such as `+02:00` are none. */
export const isZone = (name: string): boolean => clocks.has(name) || firstMoment(name) !== null;

/**
 * The clock of a zone. Transitions are asked of the zone database once and kept, so that reading the clock is arithmetic.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function zoneClock(name: string): ZoneClock {
  const known = clocks.get(name);
  if (known !== undefined) return known;
  const start = firstMoment(name);
  if (start === null) throw new VigilError('oncall.zone_unknown');
  const clock = buildClock(start);
  clocks.set(name, clock);
  return clock;
}

function firstMoment(name: string): Temporal.ZonedDateTime | null {
  if (!zoneName.test(name)) return null;
  try {
    const moment = Temporal.Instant.fromEpochMilliseconds(knownFrom).toZonedDateTimeISO(name);
    return moment.timeZoneId === name ? moment : null;
  } catch {
    return null;
  }
}

function buildClock(start: Temporal.ZonedDateTime): ZoneClock {
  // Stretches of equal offset: stretch i runs from startsAt[i] to startsAt[i + 1].
  const startsAt: number[] = [-Infinity];
  const offsets: number[] = [start.offsetNanoseconds / 1e6];
  let newest: Temporal.ZonedDateTime | null = start;
  let learntAt = knownFrom;
  let recent = 0;

  const startOf = (index: number): number => startsAt[index] ?? Infinity;
  const offsetOf = (index: number): number => offsets[index] ?? 0;

  // Keeps one transition beyond `at` known, or all of them when none follows.
  const learnUntil = (at: number): void => {
    while (newest !== null && learntAt <= Math.min(at, knownTo)) {
      newest = newest.getTimeZoneTransition('next');
      learntAt = newest?.epochMilliseconds ?? Infinity;
      if (newest === null) return;
      startsAt.push(learntAt);
      offsets.push(newest.offsetNanoseconds / 1e6);
    }
  };

  const stretchAt = (at: number): number => {
    if (learntAt <= at + margin) learnUntil(at + margin);
    if (startOf(recent) <= at && at < startOf(recent + 1)) return recent;
    let low = 0;
    let high = startsAt.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (startOf(middle) <= at) low = middle;
      else high = middle - 1;
    }
    recent = low;
    return low;
  };

  return {
    localAt: (at) => at + offsetOf(stretchAt(at)),
    firstAt: (local) => {
      let index = stretchAt(local);
      while (index > 0 && startOf(index) + offsetOf(index - 1) > local) index -= 1;
      while (startOf(index + 1) + offsetOf(index) <= local) index += 1;
      return Math.max(startOf(index), local - offsetOf(index));
    },
    lastAt: (local) => {
      let index = stretchAt(local);
      while (startOf(index + 1) + offsetOf(index + 1) <= local) index += 1;
      while (index > 0 && startOf(index) + offsetOf(index) > local) index -= 1;
      return Math.min(startOf(index + 1), local - offsetOf(index));
    },
  };
}
