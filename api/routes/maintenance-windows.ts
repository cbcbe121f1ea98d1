import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { dayMs } from '#domain/time.ts';
import { databaseNow } from '#db/now.ts';
import {
  endMaintenanceWindow,
  insertMaintenanceWindow,
  listMaintenanceWindows,
  lockService,
  tellOfBegunMaintenance,
  tellOpenEscalations,
} from '#db/repositories/services.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
  instant,
  outInstant,
  pageOf,
  pageQuery,
  readProblems,
  withIsoDates,
} from '../schemas/common.ts';
import { unknownReference, visibleService } from './services.ts';
import type { Routes } from './types.ts';

const keepers: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];
const params = z.object({ serviceId: idOf('service') });
const windowSchema = z
  .object({
    id: z.string(),
    serviceId: z.string(),
    startsAt: outInstant,
    endsAt: outInstant,
    createdBy: z.string(),
    createdAt: outInstant,
    endedBy: z.string().nullable(),
  })
  .meta({ id: 'MaintenanceWindow' });
const longestMs = 14 * dayMs;

/** The watch over on-call looks this often, so it may see too late what begins sooner. */
const watchLooksEveryMs = 10_000;

/**
 * Maintenance of a service: its alerts are kept and nobody is paged for them. Escalations that are open hear of a window
 * when it begins, now or later, and when it ends before its time; its end they know themselves.
 */
export function registerMaintenanceWindows(app: Routes, deps: ApiDeps): void {
  const timers = new Set<NodeJS.Timeout>();
  app.addHook('onClose', () => {
    for (const timer of timers) clearTimeout(timer);
  });
  /** Tells open escalations of a window that begins in a moment. Should this process end before, the watch tells them. */
  const tellWhenItBegins = (inMs: number): void => {
    if (inMs <= 0 || inMs > watchLooksEveryMs) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      tellOfBegunMaintenance(deps.db, 25).catch((error: unknown) =>
        app.log.warn({ err: error }, 'the watch will tell of maintenance that has begun'),
      );
    }, inMs + 50);
    timers.add(timer);
  };

  app.get(
    '/v1/services/:serviceId/maintenance-windows',
    {
      config: { access: 'any' },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(windowSchema), ...readProblems } },
    },
    async (request) => {
      const service = await visibleService(deps, request);
      const { limit, cursor } = request.query;
      const rows = await listMaintenanceWindows(deps.db, service.id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.post(
    '/v1/services/:serviceId/maintenance-windows',
    {
      config: { access: keepers },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ startsAt: instant.optional().describe('Now when left out.'), endsAt: instant }).strict(),
        response: { 201: windowSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      let beginsInMs = 0;
      const answered = await once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, service.teamId);
        const { id: createdBy } = personOf(request);
        await lockService(tx, service.id);
        const now = await databaseNow(tx);
        const startsAt = Math.max(now, request.body.startsAt === undefined ? now : Date.parse(request.body.startsAt));
        const endsAt = Date.parse(request.body.endsAt);
        if (endsAt <= startsAt || endsAt - startsAt > longestMs) {
          throw unknownReference('/body/endsAt', 'must be after the start and now, and at most 14 days after it');
        }
        const row = await insertMaintenanceWindow(tx, {
          serviceId: service.id,
          startsAt: new Date(startsAt),
          endsAt: new Date(endsAt),
          createdBy,
          toldAt: startsAt === now ? new Date(now) : null,
        });
        beginsInMs = startsAt - now;
        if (startsAt === now) await tellOpenEscalations(tx, row, 'maintenanceStarted');
        const data = { windowId: row.id, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString() };
        await auditChange(tx, request, { kind: 'service', id: service.id }, 'maintenanceAdded', data);
        return { status: 201, body: withIsoDates(row) };
      });
      tellWhenItBegins(beginsInMs);
      return answered;
    },
  );

  app.post(
    '/v1/services/:serviceId/maintenance-windows/:windowId/endings',
    {
      config: { access: keepers },
      schema: {
        params: params.extend({ windowId: idOf('maintenanceWindow') }),
        headers: idempotencyHeaders,
        response: { 201: windowSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, service.teamId);
        const row = found(await endMaintenanceWindow(tx, service.id, request.params.windowId, personOf(request).id));
        await tellOpenEscalations(tx, row, 'maintenanceEnded');
        await auditChange(tx, request, { kind: 'service', id: service.id }, 'maintenanceEnded', { windowId: row.id });
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );
}
