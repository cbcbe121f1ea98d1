import { describe, expect, it } from 'vitest';
import { at, handOffTimes, oneLayer, whoAt } from '#test/support/oncall-examples.ts';
import { toIso } from '../time.ts';
import { findGaps, handOffs } from './coverage.ts';
import { membersOf } from './schedule.ts';
import type { Layer, Schedule } from './schedule.ts';
import { onCallAt, segments } from './segments.ts';

describe('layers', () => {
  const base: Layer = { id: 'base', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: ['A'] };
  const layered = (...layers: Layer[]): Schedule => ({ ...oneLayer('UTC', {}), layers });

  it('beat earlier layers where they have somebody, and let them show where they have nobody', () => {
    const windows = [{ days: [1, 2, 3, 4, 5] as const, startTime: '09:00', endTime: '17:00' }];
    const day: Layer = { ...base, id: 'day', participants: ['D'], windows };
    const schedule = layered(base, day);
    expect(whoAt(schedule, '2026-01-05T08:59Z')).toBe('A');
    expect(whoAt(schedule, '2026-01-05T09:00Z')).toBe('D');
    expect(onCallAt(schedule, at('2026-01-05T09:00Z')).why).toMatchObject({
      kind: 'layer',
      layerId: 'day',
      scheduleVersion: 1,
    });
    expect(whoAt(schedule, '2026-01-05T17:00Z')).toBe('A');
  });

  it('follow the sun, each in its own zone, with no hour left over', () => {
    const at9 = (id: string, zone: string, startTime: string, endTime: string): Layer => ({
      ...base,
      id,
      zone,
      start: '2025-01-01T00:00',
      participants: [id],
      windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime, endTime }],
    });
    const schedule = layered(
      at9('India', 'Asia/Kolkata', '09:30', '17:30'),
      at9('London', 'Europe/London', '08:00', '17:00'),
      at9('Chicago', 'America/Chicago', '08:00', '22:30'),
    );
    expect(findGaps(schedule, at('2026-01-01T00:00Z'), at('2026-01-08T00:00Z'))).toEqual([]);
    expect(['05:00', '12:00', '20:00'].map((time) => whoAt(schedule, `2026-01-06T${time}Z`))).toEqual([
      'India',
      'London',
      'Chicago',
    ]);
  });

  it('have nobody in a buffer week, before their start and from their end on', () => {
    const schedule = oneLayer('UTC', {
      rotation: { kind: 'weekly' },
      start: '2026-01-05T00:00',
      end: '2026-02-02T00:00',
      participants: ['A', null, 'B', null],
    });
    expect(
      findGaps(schedule, at('2026-01-01T00:00Z'), at('2026-02-10T00:00Z')).map((gap) =>
        toIso(gap.startAt).slice(0, 10),
      ),
    ).toEqual(['2026-01-01', '2026-01-12', '2026-01-26']);
  });

  it('can take turns of four and three days', () => {
    const schedule = oneLayer('UTC', {
      rotation: { kind: 'pattern', unit: 'day', lengths: [4, 3] },
      start: '2026-01-05T00:00',
      participants: ['A', 'B', 'B', 'A'],
    });
    const week = ['05', '08', '09', '11', '12', '15', '16', '18'];
    expect(week.map((day) => whoAt(schedule, `2026-01-${day}T12:00Z`)).join('')).toBe('AABBBBAA');
  });

  it('begin with a short turn when their start is not at the hand-off time', () => {
    const schedule = oneLayer('UTC', { start: '2026-01-05T12:00', handOffTime: '09:00' });
    expect(handOffTimes(schedule, '2026-01-05T12:00Z', '2026-01-07T12:00Z')).toEqual([
      '2026-01-05T12:00',
      '2026-01-06T09:00',
      '2026-01-07T09:00',
    ]);
    expect(whoAt(schedule, '2026-01-05T12:00Z')).toBe('A');
    expect(whoAt(schedule, '2026-01-05T11:59Z')).toBe('');
  });
});

describe('membersOf', () => {
  it('names each person once, in the order of layers and turns', () => {
    const first = oneLayer('UTC', { participants: ['C', null, 'A', 'C'] }).layers[0] as Layer;
    const schedule = { ...oneLayer('UTC', {}), layers: [first, { ...first, id: 'second', participants: ['B', 'A'] }] };
    expect(membersOf(schedule)).toEqual(['C', 'A', 'B']);
  });
});

describe('local time', () => {
  const hourly = (zone: string, start: string): Schedule =>
    oneLayer(zone, { rotation: { kind: 'hourly' }, start, participants: ['A', 'B', 'C', 'D', 'E'] });

  it.each([
    [
      'America/Chicago',
      '2020-03-06T02:00',
      '2020-03-08T06:30Z',
      '2020-03-08T10:30Z',
      ['07:00', '08:00', '09:00', '10:00'],
    ],
    [
      'America/Chicago',
      '2020-03-06T02:30',
      '2020-03-08T07:00Z',
      '2020-03-08T10:00Z',
      ['07:30', '08:00', '08:30', '09:30'],
    ],
    [
      'America/Chicago',
      '2020-07-06T02:00',
      '2020-11-01T04:30Z',
      '2020-11-01T09:30Z',
      ['05:00', '06:00', '08:00', '09:00'],
    ],
    ['America/Chicago', '2020-07-06T02:30', '2020-11-01T05:00Z', '2020-11-01T09:00Z', ['05:30', '06:30', '08:30']],
    [
      'Australia/Lord_Howe',
      '2021-04-03T02:30',
      '2021-04-03T13:00Z',
      '2021-04-03T18:00Z',
      ['13:30', '14:30', '16:00', '17:00'],
    ],
  ])('hourly turns in %s from %s follow the wall clock through a change of it', (zone, start, from, to, expected) => {
    expect(handOffTimes(hourly(zone, start), from, to).map((time) => time.slice(11))).toEqual(expected);
  });

  it.each([
    ['02:00', '2021-04-04T02:00+10:30'],
    ['01:45', '2021-04-04T01:45+11:00'],
  ])('a daily hand-off at %s on the half-hour change of Lord Howe comes at %s', (time, expected) => {
    const schedule = oneLayer('Australia/Lord_Howe', { start: `2021-04-01T${time}` });
    expect(handOffs(schedule, at('2021-04-03T12:00Z'), at('2021-04-04T06:00Z')).map((one) => one.at)).toEqual([
      at(expected),
    ]);
  });

  it('a window ends at the last occurrence of its time and the next begins at the first, so that they overlap', () => {
    const window = (startTime: string, endTime: string) => [
      { days: [1, 2, 3, 4, 5, 6, 7] as const, startTime, endTime },
    ];
    const early = {
      rotation: { kind: 'daily' },
      start: '2020-01-01T00:00',
      participants: ['E'],
      windows: window('00:00', '01:30'),
    } as const;
    const late = { ...early, participants: ['L'], windows: window('01:30', '06:00') };
    const [alone, after] = [oneLayer('America/Chicago', early), oneLayer('America/Chicago', late)];
    const secondTime = '2020-11-01T01:15-06:00';
    expect([whoAt(alone, secondTime), whoAt(after, secondTime)]).toEqual(['E', 'L']);
    expect([whoAt(alone, '2020-11-01T01:30-06:00'), whoAt(after, '2020-11-01T01:30-05:00')]).toEqual(['', 'L']);
  });

  it('monthly turns from the 31st come on the last day of shorter months', () => {
    const schedule = oneLayer('UTC', { rotation: { kind: 'monthly' }, start: '2024-01-31T09:00' });
    expect(handOffTimes(schedule, '2024-02-01T00:00Z', '2024-06-01T00:00Z')).toEqual([
      '2024-02-29T09:00',
      '2024-03-31T09:00',
      '2024-04-30T09:00',
      '2024-05-31T09:00',
    ]);
  });

  it('a day that a zone leaves out leaves no hole: its turn is nobody’s', () => {
    const schedule = oneLayer('Pacific/Apia', { start: '2011-12-28T00:00', participants: ['A', 'B', 'C', 'D'] });
    const all = segments(schedule, at('2011-12-28T10:00Z'), at('2012-01-01T10:00Z'));
    expect(all.map(({ startAt, people }) => `${toIso(startAt).slice(0, 13)} ${people.join()}`)).toEqual([
      '2011-12-28T10 A',
      '2011-12-29T10 B',
      '2011-12-30T10 D',
      '2011-12-31T10 A',
    ]);
  });

  it('a schedule that moves to another zone keeps its clock times there', () => {
    const rules = { start: '2026-01-05T09:00' };
    expect(handOffTimes(oneLayer('Asia/Kolkata', rules), '2026-02-01T00:00Z', '2026-02-02T00:00Z')).toEqual([
      '2026-02-01T03:30',
    ]);
    expect(handOffTimes(oneLayer('Asia/Kathmandu', rules), '2026-02-01T00:00Z', '2026-02-02T00:00Z')).toEqual([
      '2026-02-01T03:15',
    ]);
    expect(findGaps(oneLayer('Asia/Kathmandu', rules), at('2026-01-06T00:00Z'), at('2027-01-06T00:00Z'))).toEqual([]);
  });
});
