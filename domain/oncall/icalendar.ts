import { dayMs } from '../time.ts';
import { shiftsOf } from './coverage.ts';
import type { PersonId, Schedule, Shift } from './schedule.ts';

export interface CalendarShift extends Shift {
  readonly scheduleId: string;
  /** What the calendar shows for the shift. */
  readonly title: string;
}

export interface Calendar {
  readonly name: string;
  readonly shifts: readonly CalendarShift[];
  /** Who made it, as RFC 5545 wants it: `-//Organisation//Product//EN`. */
  readonly prodId: string;
  readonly now: number;
}

const calendarDays = 90;

/**
 * The shifts that a calendar shows at `now`: those running and those that start within 90 days, of one person or of all.
 *
 * A running shift keeps its true start, and with it its UID, from one reading of the calendar to the next.
 */
export function calendarShifts(
  schedule: Schedule,
  now: number,
  titleOf: (personId: PersonId) => string,
  personId: PersonId | null = null,
): CalendarShift[] {
  const endAt = now + calendarDays * dayMs;
  // Cut at a fixed day of the calendar rather than at `now`, so that even a shift of a year does not seem to move.
  const earliestAt = Date.UTC(new Date(now).getUTCFullYear() - 1, 0, 1);
  // Beyond the last start, so that the last shifts end when they do; the longest common turn is a month.
  return shiftsOf(schedule, earliestAt, endAt + 31 * dayMs)
    .filter((shift) => shift.endAt > now && shift.startAt < endAt && (personId === null || shift.personId === personId))
    .map((shift) => ({ ...shift, scheduleId: schedule.id, title: titleOf(shift.personId) }));
}

/**
 * The calendar as RFC 5545 text: UTC times, one event per shift, lines of at most 75 octets ended by CRLF.
 *
 * A shift keeps its UID as long as schedule, person and start are the same. Text can neither end its property nor begin
 * another one, whatever characters it holds.
 */
export function toICalendar({ name, shifts, prodId, now }: Calendar): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    `PRODID:${escapeText(prodId)}`,
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `NAME:${escapeText(name)}`,
    `X-WR-CALNAME:${escapeText(name)}`,
    'REFRESH-INTERVAL;VALUE=DURATION:PT1H',
    ...shifts.flatMap((shift) => [
      'BEGIN:VEVENT',
      `UID:${escapeText(`${shift.scheduleId}-${shift.personId}-${utc(shift.startAt)}@vigil`)}`,
      `DTSTAMP:${utc(now)}`,
      `DTSTART:${utc(shift.startAt)}`,
      `DTEND:${utc(shift.endAt)}`,
      `SUMMARY:${escapeText(shift.title)}`,
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

/** `20260105T090000Z`; milliseconds are dropped, which the format does not know. */
const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

// Line ends become the escape that the format has for them; other control characters may not stand in a text at all.
const lineEnds = /\r\n|[\n\r\u0085\u2028\u2029]/g;
const controls = /\p{Cc}/gu;

const escapeText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\\;,]/g, String.raw`\$&`)
    .replaceAll(lineEnds, String.raw`\n`)
    .replaceAll(controls, ' ');

/** Breaks a line after at most 75 octets of UTF-8, never inside a character; each further line begins with a space. */
function fold(line: string): string {
  let folded = '';
  let octets = 0;
  for (const character of line) {
    const size = octetsOf(character.codePointAt(0) ?? 0);
    if (octets + size > 75) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}

const octetsOf = (codePoint: number): number =>
  codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
