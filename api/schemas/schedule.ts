import { z } from 'zod';
import type { ScheduleDocument } from '#db/repositories/schedules.ts';
import { idOf, instant } from './common.ts';

const entryId = z.string().min(1).max(100);
const localDateTime = z.string().max(20).describe('What the wall clock shows: 2026-01-05T09:00.');
const clockTime = z.string().max(5).describe('As 09:00.');
const weekday = z.number().int().min(1).max(7).describe('1 is Monday.');
const unit = z.enum(['hour', 'day', 'week', 'month']);
const period = { startAt: instant, endAt: instant };

const rotation = z.union([
  z.object({ kind: z.enum(['hourly', 'daily', 'weekly', 'monthly']) }).strict(),
  z.object({ kind: z.literal('custom'), unit, every: z.number().int() }).strict(),
  z.object({ kind: z.literal('pattern'), unit, lengths: z.array(z.number().int()).max(100) }).strict(),
]);
const window = z.union([
  z.object({ days: z.array(weekday).max(7), startTime: clockTime, endTime: clockTime }).strict(),
  z.object({ startDay: weekday, startTime: clockTime, endDay: weekday, endTime: clockTime }).strict(),
]);
const layer = z
  .object({
    id: entryId,
    zone: z.string().max(100).optional(),
    rotation,
    start: localDateTime,
    end: localDateTime.optional(),
    handOffTime: clockTime.optional(),
    participants: z.array(idOf('person').nullable()).max(1_000),
    windows: z.array(window).max(100).optional(),
  })
  .strict();
const aboutPerson = { layerId: entryId.nullable(), personId: idOf('person'), ...period };
const changes = z.object({ kind: z.enum(['add', 'remove']), ...aboutPerson }).strict();
const replaces = z.object({ kind: z.literal('replace'), byPersonId: idOf('person'), ...aboutPerson }).strict();
const named = { id: entryId };

/** An entry without its id, which the server gives; `layerId` null means the whole schedule. */
export const newOverride = z.union([changes, replaces]);
export const override = z.union([changes.extend(named), replaces.extend(named)]).meta({ id: 'Override' });
export const newTemporarySchedule = z
  .object({ ...period, shifts: z.array(z.object({ personId: idOf('person'), ...period }).strict()).max(5_000) })
  .strict();
export const temporarySchedule = newTemporarySchedule.extend(named).meta({ id: 'TemporarySchedule' });
export const newMark = z
  .object({ kind: z.enum(['shadow', 'unavailable']), personId: idOf('person'), ...period })
  .strict();
export const mark = newMark.extend(named).meta({ id: 'Mark' });

/** The shape of a schedule; its meaning is checked by the domain. Instants are RFC 3339, clock times are local. */
export const scheduleDocument = z
  .object({
    zone: z.string().max(100).describe('A time zone of the IANA database.'),
    layers: z.array(layer).max(100).describe('Later layers beat earlier ones.'),
    overrides: z.array(override).max(5_000).default([]),
    temporarySchedules: z.array(temporarySchedule).max(5_000).default([]),
    marks: z.array(mark).max(5_000).default([]),
  })
  .strict()
  .meta({ id: 'ScheduleDocument' });
export type ScheduleBody = z.output<typeof scheduleDocument>;

/** Instants of periods in milliseconds, as the domain reads them, however deep they stand. */
export const toPeriods = (value: unknown): unknown => mapPeriods(value, (at) => Date.parse(at as string));

/** And back, as the API shows them. */
export const fromPeriods = (value: unknown): unknown => mapPeriods(value, (at) => new Date(at as number).toISOString());

export const toDocument = (body: ScheduleBody): ScheduleDocument => toPeriods(body) as ScheduleDocument;

export const fromDocument = (document: ScheduleDocument): ScheduleBody => fromPeriods(document) as ScheduleBody;

function mapPeriods(value: unknown, map: (at: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapPeriods(item, map));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === 'startAt' || name === 'endAt' ? map(inner) : mapPeriods(inner, map),
    ]),
  );
}
