import * as fc from 'fast-check';
import ICAL from 'ical.js';
import { sync } from 'node-ical';
import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { dayMs } from '../time.ts';
import { calendarShifts, toICalendar } from './icalendar.ts';
import type { Calendar, CalendarShift } from './icalendar.ts';

const now = at('2026-03-01T10:00Z');
const schedule = oneLayer('America/Chicago', { start: '2026-01-06T09:00', rotation: { kind: 'weekly' } });
const calendar = (more: Partial<Calendar> = {}): Calendar => ({
  name: 'Primary',
  prodId: '-//Example//On-call//EN',
  now,
  shifts: calendarShifts(schedule, now, (personId) => `On call: ${personId}`),
  ...more,
});

interface Read {
  readonly uid: string;
  readonly title: string;
  readonly startAt: number;
  readonly endAt: number;
}

function byIcalJs(text: string): { prodId: string; events: Read[] } {
  const component = new ICAL.Component(ICAL.parse(text));
  const events = component.getAllSubcomponents('vevent').map((one) => {
    const event = new ICAL.Event(one);
    const [start, end] = [event.startDate.toJSDate().getTime(), event.endDate.toJSDate().getTime()];
    return { uid: event.uid, title: event.summary, startAt: start, endAt: end };
  });
  return { prodId: String(component.getFirstPropertyValue('prodid')), events };
}

function byNodeIcal(text: string): Read[] {
  return Object.values(sync.parseICS(text)).flatMap((one) =>
    one?.type === 'VEVENT'
      ? [
          {
            uid: one.uid,
            title: typeof one.summary === 'string' ? one.summary : one.summary.val,
            startAt: one.start.getTime(),
            endAt: one.end?.getTime() ?? 0,
          },
        ]
      : [],
  );
}

const octets = (line: string): number => new TextEncoder().encode(line).length;

describe('toICalendar', () => {
  it('is read alike by two independent readers, with every shift of 90 days', () => {
    const shifts = calendar().shifts;
    // From the shift that runs on 1 March to the last that starts by 30 May.
    expect(shifts).toHaveLength(14);
    const expected = shifts.map(({ title, startAt, endAt }) => ({ title, startAt, endAt }));
    const text = toICalendar(calendar());
    for (const events of [byIcalJs(text).events, byNodeIcal(text)]) {
      expect(events.map(({ title, startAt, endAt }) => ({ title, startAt, endAt }))).toEqual(expected);
      expect(new Set(events.map((event) => event.uid)).size).toBe(shifts.length);
    }
  });

  it('writes UTC, also across a change of the clock', () => {
    const text = toICalendar(calendar());
    expect(text).toContain('DTSTART:20260303T150000Z\r\nDTEND:20260310T140000Z\r\n');
    expect(text.match(/DTSTART/g)).toHaveLength(14);
    expect(text.match(/DTSTART:\d{8}T\d{6}Z\r\n/g)).toHaveLength(14);
  });

  it('keeps a shift’s UID when the calendar is read again later', () => {
    const later = now + 3 * dayMs;
    const uids = (at: number) =>
      byIcalJs(toICalendar(calendar({ shifts: calendarShifts(schedule, at, String) }))).events.map(
        (event) => event.uid,
      );
    const kept = uids(now).slice(1);
    expect(uids(later).slice(0, kept.length)).toEqual(kept);
  });

  it('carries any text as text: it starts no property, ends no event and is read back', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('\r', '\n', '\\', ';', ',', ':', ' ', '\t', 'é', '☎', '😀', '\u2028', 'END:VEVENT', 'n'),
        maxLength: 60,
      }),
    );
    fc.assert(
      fc.property(nasty, nasty, (title, name) => {
        const one: CalendarShift = { scheduleId: 'sch_1', personId: 'per_1', title, startAt: now, endAt: now + dayMs };
        const text = toICalendar(
          calendar({ name, prodId: name, shifts: [one, { ...one, startAt: now + dayMs, endAt: now + 2 * dayMs }] }),
        );

        const plain = (given: string) =>
          given
            .toWellFormed()
            .replaceAll(/\r\n|[\r\n\u0085\u2028\u2029]/g, '\n')
            .replaceAll(/(?!\n)\p{Cc}/gu, ' ');
        const read = byIcalJs(text);
        expect(read.prodId).toBe(plain(name));
        expect(read.events.map((event) => event.title)).toEqual([plain(title), plain(title)]);
        expect(byNodeIcal(text).map((event) => event.startAt)).toEqual([now, now + dayMs]);

        expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
        const lines = text.slice(0, -2).split('\r\n');
        expect(lines.filter((line) => /[\r\n]/.test(line))).toEqual([]);
        expect(lines.filter((line) => octets(line) > 75)).toEqual([]);
        expect(lines.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(2);
      }),
    );
  });

  it.each([
    // "SUMMARY:" is 8 octets, and the space that begins a further line is one.
    ['letters', 'x'.repeat(200), [75, 75, 60]],
    ['telephones of three octets', `${'x'.repeat(66)}${'☎'.repeat(30)}`, [74, 73, 19]],
    ['faces of four', '😀'.repeat(40), [72, 73, 25]],
  ])('folds after 75 octets, not characters, and never within one: %s', (_, title, expected) => {
    const shift = { scheduleId: 's', personId: 'p', title, startAt: now, endAt: now + 1000 };
    const text = toICalendar(calendar({ shifts: [shift] }));
    const summary = /SUMMARY:.*(?:\r\n .*)*/.exec(text)?.[0] ?? '';
    expect(summary.split('\r\n').map(octets)).toEqual(expected);
    expect(byIcalJs(text).events[0]?.title).toBe(title);
  });
});

describe('calendarShifts', () => {
  it('keeps those of one person', () => {
    const own = calendarShifts(schedule, now, String, 'A');
    expect(own).toHaveLength(7);
    expect(new Set(own.map((shift) => shift.personId))).toEqual(new Set(['A']));
  });

  it('gives a running shift its true start and the last one its true end', () => {
    const shifts = calendarShifts(schedule, now, String);
    expect(shifts[0]?.startAt).toBe(at('2026-02-24T15:00Z'));
    expect(shifts.at(-1)).toMatchObject({ startAt: at('2026-05-26T14:00Z'), endAt: at('2026-06-02T14:00Z') });
  });

  it('gives a shift without end the same start on every day of a year', () => {
    const alone = oneLayer('UTC', { participants: ['A'], start: '2020-01-01T00:00' });
    const startOn = (day: string) => calendarShifts(alone, at(`${day}T12:00Z`), String).map((shift) => shift.startAt);
    expect(startOn('2026-01-01')).toEqual(startOn('2026-12-31'));
  });
});
