import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { longestIntervalMs, shortestIntervalMs } from '#domain/heartbeat/monitor.ts';
import type { Monitor, MonitorInput } from '#domain/heartbeat/monitor.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import { secondMs } from '#domain/time.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { leaveCommand } from '#db/repositories/commands.ts';
import { findHeartbeat, insertHeartbeat, listHeartbeats } from '#db/repositories/heartbeats.ts';
import type { HeartbeatRow } from '#db/repositories/heartbeats.ts';
import { findService } from '#db/repositories/services.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { commandRoutes } from '../command-routes.ts';
import { commandResponses, idempotencyHeaders, runCommand } from '../commands.ts';
import { assertMatch, auditChange, etagOf, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import {
  createProblems,
  idOf,
  ifMatch,
  listProblems,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  severity,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import { broughtKey } from '../schemas/integration.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const keepers: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];
const params = z.object({ monitorId: idOf('heartbeat') });
const intervalSeconds = z
  .number()
  .int()
  .min(shortestIntervalMs / secondMs)
  .max(longestIntervalMs / secondMs)
  .describe('A beat is missed this long after the last one: 60 to 2,592,000, which is 30 days.');

const monitorSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    serviceId: z.string(),
    name: z.string(),
    intervalSeconds: z.number().int(),
    severity,
    status: z.string().describe('opening, waiting (for its first beat), beating, missed, paused or closed.'),
    version: z.number().int(),
    settingsVersion: z.number().int().describe('What the ETag holds: it moves with the settings, not with beats.'),
    beats: z.number().int(),
    lastBeatAt: outInstant.nullable(),
    dueAt: outInstant.nullable().describe('When the next beat is missed; null when none is waited for.'),
    createdBy: z.string(),
    createdAt: outInstant,
    updatedAt: outInstant,
    closedAt: outInstant.nullable(),
  })
  .meta({ id: 'HeartbeatMonitor' });
const newMonitorSchema = monitorSchema.extend({
  key: z.string().nullable().describe('Shown this once: Vigil keeps its hash only. Null for a key that was brought.'),
  path: z
    .string()
    .nullable()
    .describe(
      'Where the sender beats, below the address of the API: POST, GET or HEAD. Null for a key that was brought.',
    ),
});

/** Monitors of expected beats. Their settings and their life belong to people; beats come in elsewhere, by the key. */
export function registerHeartbeatMonitors(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/heartbeat-monitors',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ open: z.stringbool().default(false), serviceId: idOf('service').optional() }),
        response: { 200: pageOf(monitorSchema), ...listProblems },
      },
    },
    async (request) => {
      const { limit, cursor, open, serviceId } = request.query;
      const page = { limit, after: readCursor(cursor) };
      const rows = await listHeartbeats(
        deps.db,
        visibleTeams(principalOf(request)),
        { openOnly: open, serviceId },
        page,
      );
      return toPage(rows, limit, (row) => row.createdAt, toView);
    },
  );

  app.get(
    '/v1/heartbeat-monitors/:monitorId',
    { config: { access: 'any' }, schema: { params, response: { 200: monitorSchema, ...readProblems } } },
    async (request, reply) => {
      const view = toView(await visibleMonitor(deps, request, request.params.monitorId));
      void reply.header('etag', etagOf(view.settingsVersion));
      return view;
    },
  );

  app.post(
    '/v1/heartbeat-monitors',
    {
      config: { access: keepers },
      schema: {
        headers: idempotencyHeaders,
        body: z
          .object({
            serviceId: idOf('service'),
            name: title,
            intervalSeconds,
            severity: severity.default(2),
            key: broughtKey
              .optional()
              .describe('Of another product, whose jobs stay as they are: instead of a new key.'),
          })
          .strict(),
        response: { 201: newMonitorSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(
        deps,
        request,
        reply,
        async (tx) => {
          const { key: brought, ...body } = request.body;
          const service = await findService(tx, body.serviceId);
          if (!service) throw unknownReference('/body/serviceId', 'must be a service');
          assertMayFor(principalOf(request), keepers, service.teamId);
          const actor = personOf(request, service.teamId);
          const id = newId('heartbeat');
          const key = brought ?? `hb_${randomBytes(16).toString('hex')}`;
          const { teamId } = service;
          await insertHeartbeat(tx, { ...body, id, teamId, sha256: sha256Hex(key), createdBy: actor.id });
          const input: MonitorInput = {
            monitorId: id,
            serviceId: service.id,
            intervalMs: body.intervalSeconds * secondMs,
            severity: body.severity,
          };
          await leaveCommand(tx, {
            mode: 'start',
            name: 'open',
            kind: 'heartbeat',
            aggregateId: id,
            idempotencyKey: `open:${id}`,
            priority: 2,
            input: input as unknown as { [name: string]: Json },
            actor,
            requestId: request.id,
          });
          const { intervalSeconds: seconds, severity: worst } = body;
          const origin = brought === undefined ? 'made' : 'imported';
          const data = { serviceId: service.id, intervalSeconds: seconds, severity: worst, key: origin };
          await auditChange(tx, request, { kind: 'heartbeat', id }, 'created', data);
          const view = toView(found(await findHeartbeat(tx, id)));
          const headers = { 'cache-control': 'no-store', etag: etagOf(view.settingsVersion) };
          const shown = brought === undefined ? { key, path: `/v1/heartbeats/${key}` } : { key: null, path: null };
          return { status: 201, body: { ...view, ...shown }, headers };
        },
        { isSecret: request.body.key === undefined },
      ),
  );

  const command = commandRoutes<HeartbeatRow>(app, deps, {
    kind: 'heartbeat',
    path: '/v1/heartbeat-monitors/:monitorId',
    params,
    roles: keepers,
    priority: 2,
    find: (request, id) => visibleMonitor(deps, request, id),
  });
  const plain = z.object({}).strict();
  command({ resource: 'pauses', name: 'pause', body: plain });
  command({ resource: 'resumptions', name: 'resume', body: plain });
  command({ resource: 'closures', name: 'close', body: plain });

  app.post(
    '/v1/heartbeat-monitors/:monitorId/changes',
    {
      config: { access: keepers },
      schema: {
        params,
        headers: idempotencyHeaders.extend(ifMatch.shape),
        body: z.object({ intervalSeconds: intervalSeconds.optional(), severity: severity.optional() }).strict(),
        response: { ...commandResponses, ...problems(412, 428) },
      },
    },
    async (request, reply) => {
      const row = await visibleMonitor(deps, request, request.params.monitorId);
      assertMayFor(principalOf(request), keepers, row.teamId);
      const settingsVersion = settingsVersionOf(row);
      assertMatch(request, settingsVersion);
      const { intervalSeconds: seconds, severity: worst } = request.body;
      if (seconds === undefined && worst === undefined)
        throw unknownReference('/body', 'must name an interval or a severity');
      return runCommand(deps, request, reply, {
        name: 'change',
        kind: 'heartbeat',
        aggregateId: row.id,
        teamId: row.teamId,
        input: {
          settingsVersion,
          ...(seconds === undefined ? {} : { intervalMs: seconds * secondMs }),
          ...(worst === undefined ? {} : { severity: worst }),
        },
      });
    },
  );
}

async function visibleMonitor(deps: ApiDeps, request: FastifyRequest, id: string): Promise<HeartbeatRow> {
  const row = found(await findHeartbeat(deps.db, id));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

const stateOf = ({ state }: HeartbeatRow): Monitor | null => state as Monitor | null;
const settingsVersionOf = (row: HeartbeatRow): number => stateOf(row)?.settings.version ?? 1;

function toView(row: HeartbeatRow) {
  const { state: _state, sha256: _sha256, ...shown } = row;
  const countsFromAt = Math.max(row.lastBeatAt?.getTime() ?? 0, stateOf(row)?.countsFromAt ?? 0);
  const dueAt = row.status === 'beating' ? new Date(countsFromAt + row.intervalSeconds * secondMs) : null;
  return {
    ...withIsoDates({ ...shown, dueAt }),
    severity: row.severity as Severity,
    settingsVersion: settingsVersionOf(row),
  };
}
