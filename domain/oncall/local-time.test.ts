import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayMs } from '../time.ts';
import {
  addMonths,
  parseClockTime,
  parseLocalDateTime,
  startOfWeek,
  weekdayOf,
  weekMs,
  wholeMonthsBetween,
} from './local-time.ts';

const local = (text: string): number => Date.parse(`${text}Z`);

describe('parseLocalDateTime', () => {
  it.each([
    ['2026-01-05T09:00', local('2026-01-05T09:00')],
    ['2024-02-29T23:59', local('2024-02-29T23:59')],
    ['2026-02-29T00:00', null],
    ['2026-04-31T00:00', null],
    ['2026-13-01T00:00', null],
    ['2026-01-05T24:00', null],
    ['2026-01-05T9:00', null],
    ['2026-01-05T09:00:00', null],
    ['2026-01-05T09:00Z', null],
    ['2026-01-05', null],
    ['', null],
  ])('reads %s as %s', (text, expected) => {
    expect(parseLocalDateTime(text)).toBe(expected);
  });
});

describe('parseClockTime', () => {
  it.each([
    ['00:00', 0],
    ['23:59', dayMs - 60_000],
    ['24:00', null],
    ['12:60', null],
    ['9:00', null],
    ['09:00:00', null],
  ])('reads %s as %s', (text, expected) => {
    expect(parseClockTime(text)).toBe(expected);
  });
});

describe('the calendar', () => {
  const moments = fc.integer({ min: Date.UTC(1950, 0, 1), max: Date.UTC(2200, 0, 1) });

  it('knows weekdays as the language does', () => {
    fc.assert(
      fc.property(moments, (moment) => {
        expect(weekdayOf(moment) % 7).toBe(new Date(moment).getUTCDay());
        const monday = startOfWeek(moment);
        expect(weekdayOf(monday)).toBe(1);
        expect(monday <= moment && moment < monday + weekMs && monday % dayMs === 0).toBe(true);
      }),
    );
  });

  it.each([
    ['2026-01-31T09:00', 1, '2026-02-28T09:00'],
    ['2024-01-31T09:00', 1, '2024-02-29T09:00'],
    ['2026-01-31T09:00', 2, '2026-03-31T09:00'],
    ['2026-11-15T00:00', 3, '2027-02-15T00:00'],
    ['2026-03-31T00:00', -1, '2026-02-28T00:00'],
  ])('%s and %i months is %s', (from, months, expected) => {
    expect(addMonths(local(from), months)).toBe(local(expected));
  });

  it('counts whole months so that the moment lies between that many and one more', () => {
    fc.assert(
      fc.property(moments, moments, (from, moment) => {
        const months = wholeMonthsBetween(from, moment);
        expect(addMonths(from, months)).toBeLessThanOrEqual(moment);
        expect(addMonths(from, months + 1)).toBeGreaterThan(moment);
      }),
    );
  });
});
