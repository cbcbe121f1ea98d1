import { z } from 'zod';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import { insertSchedule, listSchedules, lockSchedule, setScheduleOptions } from '#db/repositories/schedules.ts';
import type { ScheduleDocument, ScheduleRow } from '#db/repositories/schedules.ts';
import { findService } from '#db/repositories/services.ts';
import { assertMayFor, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, auditChange, created, etagOf, found, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { assertDocument, changeSchedule, scheduleManagers, visibleSchedule } from '../schedule-documents.ts';
import {
  changeProblems,
  createProblems,
  idOf,
  ifMatch,
  key,
  listProblems,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  title,
} from '../schemas/common.ts';
import { fromDocument, scheduleDocument, toDocument } from '../schemas/schedule.ts';
import type { ScheduleBody } from '../schemas/schedule.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const params = z.object({ scheduleId: idOf('schedule') });
const options = {
  handOffNoticeMinutes: z
    .number()
    .int()
    .min(0)
    .max(1_440)
    .describe('How long before a hand-off the next person is told; 0: not at all.'),
  gapCheck: z.boolean().describe('False for a schedule that is meant to have gaps.'),
  gapServiceId: idOf('service')
    .nullable()
    .describe("The service whose people hear of gaps; null: the team's oldest service."),
};
const changeableOptions = z.object(options).partial().shape;
const scheduleSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    name: z.string(),
    version: z.number().int().describe('Also the ETag.'),
    document: scheduleDocument,
    ...options,
    updatedAt: outInstant,
  })
  .meta({ id: 'Schedule' });

/** On-call schedules as people write them. */
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
      config: { access: scheduleManagers },
      schema: {
        headers: idempotencyHeaders,
        body: z
          .object({ teamId: idOf('team'), key, name: title, document: scheduleDocument, ...changeableOptions })
          .strict(),
        response: { 201: scheduleSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const { document: body, ...rest } = request.body;
        assertMayFor(principalOf(request), scheduleManagers, rest.teamId);
        const document = await checked(tx, body);
        await assertGapService(tx, rest.gapServiceId, rest.teamId);
        const row = created(await insertSchedule(tx, { ...given(rest), document }));
        await auditChange(tx, request, { kind: 'schedule', id: row.id }, 'created', {
          key: row.key,
          teamId: row.teamId,
          document: document as unknown as Json,
        });
        return { status: 201, body: toView(row), headers: { etag: etagOf(row.version) } };
      }),
  );

  app.put(
    '/v1/schedules/:scheduleId',
    {
      config: { access: scheduleManagers },
      schema: {
        params,
        headers: ifMatch,
        body: z.object({ document: scheduleDocument, ...changeableOptions }).strict(),
        response: { 200: scheduleSchema, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleSchedule(deps, request);
      assertMayFor(principalOf(request), scheduleManagers, teamId);
      const { document: body, ...rest } = request.body;
      const row = await deps.db.transaction(async (tx) => {
        assertMatch(request, found(await lockSchedule(tx, id)).version);
        const document = await checked(tx, body);
        await assertGapService(tx, rest.gapServiceId, teamId);
        await setScheduleOptions(tx, id, given(rest));
        const data = { document: document as unknown as Json, ...given(rest) };
        return changeSchedule(tx, request, id, { document, action: 'changed', data });
      });
      return toView(withEtag(reply, row));
    },
  );
}

async function checked(tx: Transaction, body: ScheduleBody): Promise<ScheduleDocument> {
  const document = toDocument(body);
  await assertDocument(tx, document, (pointer) => `/body/document${pointer}`);
  return document;
}

async function assertGapService(tx: Transaction, serviceId: string | null | undefined, teamId: string): Promise<void> {
  if (serviceId === null || serviceId === undefined) return;
  if ((await findService(tx, serviceId))?.teamId !== teamId)
    throw unknownReference('/body/gapServiceId', 'must be a service of this team');
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that were left out: those stay as they are. */
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

const toView = ({ document, updatedAt, ...row }: ScheduleRow) => ({
  ...row,
  updatedAt: updatedAt.toISOString(),
  document: fromDocument(document),
});
