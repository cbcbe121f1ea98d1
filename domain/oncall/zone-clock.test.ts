import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { zones } from '#test/support/oncall-arbitraries.ts';
import { minuteMs } from '../time.ts';
import { isZone, zoneClock } from './zone-clock.ts';

const local = (text: string): number => Date.parse(`${text}Z`);
const at = (text: string): number => Date.parse(text);

describe('zoneClock', () => {
  it.each([
    ['an ordinary time', 'Asia/Kathmandu', '2026-01-05T09:00', '2026-01-05T03:15Z', '2026-01-05T03:15Z'],
    ['a time that comes twice', 'America/Chicago', '2020-11-01T01:30', '2020-11-01T06:30Z', '2020-11-01T07:30Z'],
    [
      'the first of the times that come twice',
      'America/Chicago',
      '2020-11-01T01:00',
      '2020-11-01T06:00Z',
      '2020-11-01T07:00Z',
    ],
    [
      'the first time after those that come twice',
      'America/Chicago',
      '2020-11-01T02:00',
      '2020-11-01T08:00Z',
      '2020-11-01T08:00Z',
    ],
    ['a time that is skipped', 'America/Chicago', '2020-03-08T02:30', '2020-03-08T08:00Z', '2020-03-08T08:00Z'],
    ['the first time that is skipped', 'America/Chicago', '2020-03-08T02:00', '2020-03-08T08:00Z', '2020-03-08T08:00Z'],
    ['the first time after the gap', 'America/Chicago', '2020-03-08T03:00', '2020-03-08T08:00Z', '2020-03-08T08:00Z'],
    [
      'half an hour that comes twice',
      'Australia/Lord_Howe',
      '2021-04-04T01:45',
      '2021-04-03T14:45Z',
      '2021-04-03T15:15Z',
    ],
    ['a day that is skipped', 'Pacific/Apia', '2011-12-30T12:00', '2011-12-30T10:00Z', '2011-12-30T10:00Z'],
  ])('reads %s', (_, zone, shown, first, last) => {
    expect([zoneClock(zone).firstAt(local(shown)), zoneClock(zone).lastAt(local(shown))]).toEqual([
      at(first),
      at(last),
    ]);
  });

  it('agrees with the time library about every instant, in any order of asking', () => {
    const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2060, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...zones, 'Africa/Casablanca', 'Asia/Gaza'), instants, (zone, instant) => {
        const moment = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
        const plain = moment.toPlainDateTime();
        const shown = plain.toZonedDateTime('UTC').epochMilliseconds;
        const read = (disambiguation: 'earlier' | 'later') =>
          plain.toZonedDateTime(zone, { disambiguation }).epochMilliseconds;
        const clock = zoneClock(zone);
        expect(clock.localAt(instant)).toBe(shown);
        expect([clock.firstAt(shown), clock.lastAt(shown)]).toEqual([read('earlier'), read('later')]);
      }),
      { numRuns: 500 },
    );
  });

  it('never runs backwards from one clock time to a later one', () => {
    const times = fc.integer({ min: Date.UTC(2009, 0, 1) / minuteMs, max: Date.UTC(2030, 0, 1) / minuteMs });
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, fc.integer({ min: 1, max: 3000 }), (zone, minute, more) => {
        const clock = zoneClock(zone);
        const [earlier, later] = [minute * minuteMs, (minute + more) * minuteMs];
        expect(clock.firstAt(earlier)).toBeLessThanOrEqual(clock.firstAt(later));
        expect(clock.lastAt(earlier)).toBeLessThanOrEqual(clock.lastAt(later));
        expect(clock.firstAt(earlier)).toBeLessThanOrEqual(clock.lastAt(earlier));
      }),
    );
  });

  it('refuses what is no zone of the database', () => {
    expect(() => zoneClock('Europe/Atlantis')).toThrow(expect.objectContaining({ code: 'oncall.zone_unknown' }));
  });
});

describe('isZone', () => {
  it.each([
    ['Europe/London', true],
    ['America/Argentina/Buenos_Aires', true],
    ['Asia/Calcutta', true],
    ['UTC', true],
    ['Etc/GMT+5', true],
    ['europe/london', false],
    ['Europe/Atlantis', false],
    ['+05:30', false],
    ['2026-01-01T00:00[Europe/London]', false],
    ['', false],
    ['constructor', false],
  ])('%s: %s', (name, expected) => {
    expect(isZone(name)).toBe(expected);
  });
});
