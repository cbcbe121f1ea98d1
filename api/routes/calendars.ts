import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { calendarShifts, toICalendar } from '#domain/oncall/icalendar.ts';
import type { CalendarShift } from '#domain/oncall/icalendar.ts';
import { namedPersons } from '#domain/oncall/schedule.ts';
import { sha256Hex } from '#db/ids.ts';
import {
  findFeed,
  findFeedByToken,
  insertFeed,
  listFeeds,
  namesOf,
  revokeFeed,
  schedulesNaming,
} from '#db/repositories/calendar-feeds.ts';
import type { FeedOf, FeedRow } from '#db/repositories/calendar-feeds.ts';
import { lockPerson } from '#db/repositories/people.ts';
import { findSchedule } from '#db/repositories/schedules.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { scheduleManagers, toSchedule, visibleSchedule } from '../schedule-documents.ts';
import { createProblems, idOf, nothing, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import { assertOwnOrManager } from './persons.ts';
import type { Routes } from './types.ts';

const scheduleParams = z.object({ scheduleId: idOf('schedule') });
const personParams = z.object({ personId: idOf('person') });
const feedSchema = z
  .object({
    id: z.string(),
    scheduleId: z.string().nullable(),
    personId: z.string().nullable(),
    createdBy: z.string(),
    createdAt: outInstant,
    revokedAt: outInstant.nullable(),
  })
  .meta({ id: 'CalendarFeed' });
const newFeedSchema = feedSchema.extend({
  token: z.string().describe('Shown this once. Vigil keeps its hash only.'),
  path: z
    .string()
    .describe('The address of the calendar, below that of the API. Whoever has it can read the calendar.'),
});
const prodId = '-//Vigil//On-call//EN';

/** Calendars for whoever has their token: of a schedule, and of one person in all schedules. */
export function registerCalendars(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/calendars/:token.ics',
    {
      config: { access: 'public' },
      schema: {
        params: z.object({ token: z.string().max(200) }),
        response: { 200: z.string().describe('RFC 5545: the shifts of 90 days.'), ...problems(404, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const feed = found(await findFeedByToken(deps.db, sha256Hex(request.params.token)));
      const text = feed.personId === null ? await ofSchedule(deps, feed) : await ofPerson(deps, feed.personId);
      return reply.type('text/calendar; charset=utf-8').header('cache-control', 'no-store').send(text);
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/calendar-feeds',
    {
      config: { access: 'any' },
      schema: {
        params: scheduleParams,
        response: { 200: z.object({ items: z.array(feedSchema) }), ...readProblems },
      },
    },
    async (request) => {
      const { id } = await visibleSchedule(deps, request);
      return { items: (await listFeeds(deps.db, { scheduleId: id })).map(withIsoDates) };
    },
  );

  app.post(
    '/v1/schedules/:scheduleId/calendar-feeds',
    {
      config: { access: 'any' },
      schema: {
        params: scheduleParams,
        headers: idempotencyHeaders,
        response: { 201: newFeedSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { id } = await visibleSchedule(deps, request);
      return create(deps, request, reply, { scheduleId: id });
    },
  );

  app.get(
    '/v1/persons/:personId/calendar-feeds',
    {
      config: { access: 'any' },
      schema: {
        params: personParams,
        response: { 200: z.object({ items: z.array(feedSchema) }), ...readProblems },
      },
    },
    async (request) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      return { items: (await listFeeds(deps.db, { personId })).map(withIsoDates) };
    },
  );

  app.post(
    '/v1/persons/:personId/calendar-feeds',
    {
      config: { access: 'any' },
      schema: {
        params: personParams,
        headers: idempotencyHeaders,
        response: { 201: newFeedSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { personId } = request.params;
      assertOwnOrManager(request, personId);
      return create(deps, request, reply, { personId });
    },
  );

  app.delete(
    '/v1/calendar-feeds/:feedId',
    {
      config: { access: 'any' },
      schema: { params: z.object({ feedId: idOf('calendarFeed') }), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const feed = found(await findFeed(deps.db, request.params.feedId));
      await assertMayRevoke(deps, request, feed);
      await deps.db.transaction(async (tx) => {
        found((await revokeFeed(tx, feed.id)) || null);
        await auditChange(tx, request, aggregateOf(feed), 'calendarFeedRevoked', { feedId: feed.id });
      });
      return reply.code(204).send(null);
    },
  );
}

async function create(deps: ApiDeps, request: FastifyRequest, reply: FastifyReply, of: FeedOf) {
  return once(
    deps,
    request,
    reply,
    async (tx) => {
      const { id: createdBy } = personOf(request);
      if ('personId' in of) found(await lockPerson(tx, of.personId));
      const token = `cal_${randomBytes(32).toString('base64url')}`;
      const row = await insertFeed(tx, { ...of, sha256: sha256Hex(token), createdBy });
      await auditChange(tx, request, aggregateOf(row), 'calendarFeedCreated', { feedId: row.id });
      const body = { ...withIsoDates(row), token, path: `/v1/calendars/${token}.ics` };
      return { status: 201, body, headers: { 'cache-control': 'no-store' } };
    },
    { isSecret: true },
  );
}

const aggregateOf = ({ scheduleId, personId }: Pick<FeedRow, 'scheduleId' | 'personId'>) =>
  scheduleId === null ? { kind: 'principal', id: personId ?? '' } : { kind: 'schedule', id: scheduleId };

/** Its creator; else a manager of the schedule's team, or for a person's feed that person or a manager of all teams. */
async function assertMayRevoke(deps: ApiDeps, request: FastifyRequest, feed: FeedRow): Promise<void> {
  const principal = principalOf(request);
  if (feed.createdBy === principal.id) return;
  if (feed.personId !== null) {
    assertOwnOrManager(request, feed.personId);
    return;
  }
  const { teamId } = found(await findSchedule(deps.db, feed.scheduleId ?? ''));
  assertMayFor(principal, scheduleManagers, teamId);
}

async function ofSchedule({ db }: ApiDeps, feed: FeedRow): Promise<string> {
  const row = found(await findSchedule(db, feed.scheduleId ?? ''));
  const names = await namesOf(db, namedPersons(row.document));
  const now = Date.now();
  const shifts = calendarShifts(toSchedule(row), now, (personId) => names.get(personId) ?? personId);
  return toICalendar({ name: `On call: ${row.name}`, shifts, prodId, now });
}

async function ofPerson({ db }: ApiDeps, personId: string): Promise<string> {
  const now = Date.now();
  const shifts: CalendarShift[] = [];
  for (const row of await schedulesNaming(db, personId))
    shifts.push(...calendarShifts(toSchedule(row), now, () => `On call: ${row.name}`, personId));
  shifts.sort((a, b) => a.startAt - b.startAt);
  const name = (await namesOf(db, [personId])).get(personId) ?? personId;
  return toICalendar({ name: `On call: ${name}`, shifts, prodId, now });
}
