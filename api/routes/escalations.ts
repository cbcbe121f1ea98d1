import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { frozenService } from '#db/repositories/alerts.ts';
import { findEscalation, listDeliveries, listEscalations } from '#db/repositories/escalations.ts';
import type { EscalationRow } from '#db/repositories/escalations.ts';
import { listMirrors } from '#db/repositories/status-mirrors.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { commandRoutes } from '../command-routes.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, instant, note, outInstant, pageOf, pageQuery, severity, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

/** Who may acknowledge, and do whatever else a page asks for. */
export const responders: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];
const params = z.object({ escalationId: idOf('escalation') });
const seen = {
  seenVersion: z.number().int().min(0).optional().describe('The version that the person saw.'),
  note: note.optional(),
};

const escalationSchema = z
  .object({
    id: z.string(),
    serviceId: z.string(),
    teamId: z.string(),
    title: z.string(),
    severity,
    status: z.string(),
    version: z.number().int(),
    alertCount: z.number().int(),
    previousId: z.string().nullable(),
    isDrill: z.boolean(),
    openedAt: outInstant,
    acknowledgedAt: outInstant.nullable(),
    acknowledgedBy: z.string().nullable(),
    resolvedAt: outInstant.nullable(),
  })
  .meta({ id: 'Escalation' });

const deliverySchema = z
  .object({
    id: z.string(),
    kind: z.string(),
    pass: z.number().int(),
    rung: z.number().int(),
    personId: z.string(),
    channel: z.string(),
    status: z.string(),
    attempts: z.number().int(),
    possibleDuplicate: z.boolean(),
    errorCode: z.string().nullable(),
    bundledInto: z.string().nullable().describe('Of a page that was not sent: the delivery whose message tells of it.'),
    startedAt: outInstant,
    settledAt: outInstant.nullable(),
  })
  .meta({ id: 'Delivery' });

const mirrorSchema = z
  .object({
    kind: z.string(),
    target: z.string().describe('What the other side calls it: a message, or a dedup key.'),
    shownVersion: z.number().int().describe('The version that is shown there; 0 when none is yet.'),
    shownStatus: z.string().nullable(),
    errorCode: z.string().nullable().describe('Why no newer version is shown. `given_up_…`: nobody tries any more.'),
    updatedAt: outInstant,
  })
  .meta({ id: 'StatusMirror' });

/** Reading escalations, and what a person can do about one from anywhere. */
export function registerEscalations(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/escalations',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ open: z.stringbool().default(false), serviceId: idOf('service').optional() }),
        response: { 200: pageOf(escalationSchema), ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => {
      const { limit, cursor, open, serviceId } = request.query;
      const page = { limit, after: readCursor(cursor) };
      const rows = await listEscalations(
        deps.db,
        visibleTeams(principalOf(request)),
        { openOnly: open, serviceId },
        page,
      );
      return toPage(rows, limit, (row) => row.openedAt, toView);
    },
  );

  app.get(
    '/v1/escalations/:escalationId',
    {
      config: { access: 'any' },
      schema: {
        params,
        response: {
          200: escalationSchema.extend({
            state: z.unknown().describe('The ladder as its workflow recorded it.'),
            deliveries: z.array(deliverySchema),
            mirrors: z.array(mirrorSchema).describe('Where it is shown besides.'),
          }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const row = await visibleEscalation(deps, request, request.params.escalationId);
      return {
        ...toView(row),
        state: row.state,
        deliveries: (await listDeliveries(deps.db, row.id)).map(withIsoDates),
        mirrors: (await listMirrors(deps.db, row.id)).map(withIsoDates),
      };
    },
  );

  const command = commandRoutes<EscalationRow>(app, deps, {
    kind: 'escalation',
    path: '/v1/escalations/:escalationId',
    params,
    roles: responders,
    priority: 1,
    find: (request, id) => visibleEscalation(deps, request, id),
  });
  const plain = z.object(seen).strict();
  command({
    resource: 'acknowledgements',
    name: 'acknowledge',
    body: z.object({ ...seen, asOfDeliveryKey: z.string().max(200).optional() }).strict(),
  });
  command({ resource: 'unacknowledgements', name: 'unacknowledge', body: plain });
  command({
    resource: 'escalations',
    name: 'escalateNow',
    body: z
      .object({
        ...seen,
        asOfPage: z
          .object({ pass: z.number().int().min(0), rung: z.number().int().min(0) })
          .strict()
          .optional(),
      })
      .strict(),
  });
  command({
    resource: 'snoozes',
    name: 'snooze',
    body: z.object({ ...seen, until: instant }).strict(),
    toInput: ({ until, ...rest }) => ({ ...rest, until: Date.parse(until) }),
  });
  command({ resource: 'resolutions', name: 'resolve', body: plain });
  command({
    resource: 'responders',
    name: 'addResponder',
    body: z.object({ ...seen, personId: idOf('person'), shadow: z.boolean().default(false) }).strict(),
  });
  command({ resource: 'page-stops', name: 'stopOwnPages', body: plain });
  command({
    resource: 'reassignments',
    name: 'reassign',
    body: z.object({ ...seen, personId: idOf('person').optional(), serviceId: idOf('service').optional() }).strict(),
    toInput: async ({ personId, serviceId, ...rest }) => {
      if (personId !== undefined) return { ...rest, to: { kind: 'person', personId } };
      if (serviceId === undefined) {
        throw new VigilError('request.invalid', {
          errors: [{ pointer: '/body', code: 'required', detail: 'name a personId or a serviceId' }],
        });
      }
      const { policy, teamId } = await frozenService(deps.db, serviceId);
      return { ...rest, to: { kind: 'policy', policy: policy as unknown as Json, teamId } };
    },
  });
  command({
    resource: 'policy-moves',
    name: 'moveToCurrentPolicy',
    body: plain,
    toInput: async (rest, row) => ({
      ...rest,
      policy: (await frozenService(deps.db, row.serviceId)).policy as unknown as Json,
    }),
  });
}

/** The escalation of that id, or 404 when it is of a team that the asker does not see. */
export async function visibleEscalation(deps: ApiDeps, request: FastifyRequest, id: string): Promise<EscalationRow> {
  const row = await findEscalation(deps.db, id);
  if (!row) throw new VigilError('resource.not_found');
  assertVisible(principalOf(request), row.teamId);
  return row;
}

function toView(row: EscalationRow) {
  const { state: _state, canaryId, ...view } = row;
  return { ...withIsoDates(view), severity: row.severity as 1 | 2 | 3 | 4, isDrill: canaryId !== null };
}
