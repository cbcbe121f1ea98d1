import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { findGaps } from '#domain/oncall/coverage.ts';
import { onCallAt, segments } from '#domain/oncall/segments.ts';
import { scheduleProblemTitles, validateSchedule } from '#domain/oncall/validate-schedule.ts';
import { dayMs, toIso } from '#domain/time.ts';
import type { Transaction } from '#db/client.ts';
import { unknownPersons } from '#db/repositories/people.ts';
import {
  findSchedule,
  insertSchedule,
  listSchedules,
  lockSchedule,
  replaceSchedule,
  tellOfRoster,
} from '#db/repositories/schedules.ts';
import type { ScheduleDocument, ScheduleRow } from '#db/repositories/schedules.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, auditChange, created, etagOf, found, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import type { FieldError } from '../problem.ts';
import {
  changeProblems,
  createProblems,
  idOf,
  ifMatch,
  instant,
  key,
  listProblems,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  title,
} from '../schemas/common.ts';
import { fromDocument, personsOf, scheduleDocument, toDocument } from '../schemas/schedule.ts';
import type { ScheduleBody } from '../schemas/schedule.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const managers: readonly Role[] = ['oncall_manager', 'ops_lead'];
const params = z.object({ scheduleId: idOf('schedule') });
const scheduleSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    name: z.string(),
    version: z.number().int().describe('Also the ETag.'),
    document: scheduleDocument,
    updatedAt: outInstant,
  })
  .meta({ id: 'Schedule' });
const sourceSchema = z.object({
  kind: z.string(),
  temporaryScheduleId: z.string().nullable(),
  layerId: z.string().nullable(),
  overrideIds: z.array(z.string()),
  unavailableIds: z.array(z.string()),
});
const segmentSchema = z.object({
  startAt: outInstant,
  endAt: outInstant,
  people: z.array(z.string()),
  shadows: z.array(z.string()),
  source: sourceSchema,
});
const span = z.object({ from: instant, to: instant }).strict();
const longestSpanMs = 400 * dayMs;

/** On-call schedules, and the questions asked of them. */
export function registerSchedules(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/schedules',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(scheduleSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listSchedules(deps.db, visibleTeams(principalOf(request)), {
        limit,
        after: readCursor(cursor),
      });
      return toPage(rows, limit, (row) => row.updatedAt, toView);
    },
  );

  app.get(
    '/v1/schedules/:scheduleId',
    { config: { access: 'any' }, schema: { params, response: { 200: scheduleSchema, ...readProblems } } },
    async (request, reply) => toView(withEtag(reply, await visibleSchedule(deps, request))),
  );

  app.post(
    '/v1/schedules',
    {
      config: { access: managers },
      schema: {
        headers: idempotencyHeaders,
        body: z.object({ teamId: idOf('team'), key, name: title, document: scheduleDocument }).strict(),
        response: { 201: scheduleSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const { teamId } = request.body;
        assertMayFor(principalOf(request), managers, teamId);
        const document = await checked(tx, request.body.document);
        const row = created(await insertSchedule(tx, { ...request.body, document }));
        await auditChange(tx, request, { kind: 'schedule', id: row.id }, 'created', {
          key: row.key,
          teamId,
          document: document as unknown as Json,
        });
        return { status: 201, body: toView(row), headers: { etag: etagOf(row.version) } };
      }),
  );

  app.put(
    '/v1/schedules/:scheduleId',
    {
      config: { access: managers },
      schema: {
        params,
        headers: ifMatch,
        body: z.object({ document: scheduleDocument }).strict(),
        response: { 200: scheduleSchema, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleSchedule(deps, request);
      assertMayFor(principalOf(request), managers, teamId);
      const row = await deps.db.transaction(async (tx) => {
        assertMatch(request, found(await lockSchedule(tx, id)).version);
        const document = await checked(tx, request.body.document);
        const after = found(await replaceSchedule(tx, id, document));
        await tellOfRoster(tx, id, after.version);
        await auditChange(tx, request, { kind: 'schedule', id }, 'changed', {
          scheduleVersion: after.version,
          document: document as unknown as Json,
        });
        return after;
      });
      return toView(withEtag(reply, row));
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/on-call',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: z.object({ at: instant.optional().describe('Now when left out.') }).strict(),
        response: {
          200: z.object({
            at: outInstant,
            onCall: z.array(z.string()),
            shadows: z.array(z.string()),
            why: sourceSchema.extend({ scheduleId: z.string(), scheduleVersion: z.number().int() }),
          }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const row = await visibleSchedule(deps, request);
      const at = request.query.at === undefined ? Date.now() : Date.parse(request.query.at);
      const { onCall, shadows, why } = onCallAt(toSchedule(row), at);
      return { at: toIso(at), onCall: [...onCall], shadows: [...shadows], why: { ...why, ...listsOf(why) } };
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/segments',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: span,
        response: { 200: z.object({ items: z.array(segmentSchema) }), ...readProblems },
      },
    },
    async (request) => {
      const [from, to] = spanOf(request.query);
      const items = segments(toSchedule(await visibleSchedule(deps, request)), from, to).map(
        ({ startAt, endAt, people, shadows, source }) => ({
          startAt: toIso(startAt),
          endAt: toIso(endAt),
          people: [...people],
          shadows: [...shadows],
          source: { ...source, ...listsOf(source) },
        }),
      );
      return { items };
    },
  );

  app.get(
    '/v1/schedules/:scheduleId/gaps',
    {
      config: { access: 'any' },
      schema: {
        params,
        querystring: span,
        response: {
          200: z.object({ items: z.array(z.object({ startAt: outInstant, endAt: outInstant })) }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const [from, to] = spanOf(request.query);
      const gaps = findGaps(toSchedule(await visibleSchedule(deps, request)), from, to);
      return { items: gaps.map(({ startAt, endAt }) => ({ startAt: toIso(startAt), endAt: toIso(endAt) })) };
    },
  );
}

async function checked(tx: Transaction, body: ScheduleBody): Promise<ScheduleDocument> {
  const document = toDocument(body);
  const errors: FieldError[] = validateSchedule({ ...document, id: 'new', version: 0 }).map(({ pointer, reason }) => ({
    pointer: `/body/document${pointer}`,
    code: reason,
    detail: scheduleProblemTitles[reason],
  }));
  for (const id of await unknownPersons(tx, personsOf(document)))
    errors.push({ pointer: '/body/document', code: 'unknown_person', detail: id });
  if (errors.length > 0)
    throw new VigilError('oncall.schedule_invalid', { errors: errors.map((error) => ({ ...error })) });
  return document;
}

async function visibleSchedule(deps: ApiDeps, request: FastifyRequest): Promise<ScheduleRow> {
  const row = found(await findSchedule(deps.db, (request.params as z.output<typeof params>).scheduleId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

/** From and to in milliseconds; more than 400 days would be a long answer that nobody reads. */
function spanOf(query: z.output<typeof span>): [number, number] {
  const from = Date.parse(query.from);
  const to = Date.parse(query.to);
  if (from >= to || to - from > longestSpanMs)
    throw unknownReference('/query/to', 'must be after `from` and at most 400 days after it');
  return [from, to];
}

const toSchedule = ({ id, version, document }: ScheduleRow) => ({ ...document, id, version });
const listsOf = (source: { readonly overrideIds: readonly string[]; readonly unavailableIds: readonly string[] }) => ({
  overrideIds: [...source.overrideIds],
  unavailableIds: [...source.unavailableIds],
});
const toView = ({ document, updatedAt, ...row }: ScheduleRow) => ({
  ...row,
  updatedAt: updatedAt.toISOString(),
  document: fromDocument(document),
});
