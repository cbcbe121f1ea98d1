import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { newId } from '#db/ids.ts';
import { frozenService } from '#db/repositories/alerts.ts';
import { findEscalation, listDeliveries, listEscalations } from '#db/repositories/escalations.ts';
import type { EscalationRow } from '#db/repositories/escalations.ts';
import { insertNote } from '#db/repositories/notes.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { commandResponses, idempotencyHeaders, runCommand } from '../commands.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, instant, note, outInstant, pageOf, pageQuery, severity, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const responders: readonly Role[] = ['responder', 'oncall_manager', 'ops_lead'];
const params = z.object({ escalationId: idOf('escalation') });
const seen = { seenVersion: z.number().int().min(0).optional().describe('The version that the person saw.'), note: note.optional() };

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
    startedAt: outInstant,
    settledAt: outInstant.nullable(),
  })
  .meta({ id: 'Delivery' });

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
      const rows = await listEscalations(deps.db, visibleTeams(principalOf(request)), { openOnly: open, serviceId }, page);
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
          200: escalationSchema.extend({ state: z.unknown().describe('The ladder as its workflow recorded it.'), deliveries: z.array(deliverySchema) }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const row = await visibleEscalation(deps, request, request.params.escalationId);
      return { ...toView(row), state: row.state, deliveries: (await listDeliveries(deps.db, row.id)).map(withIsoDates) };
    },
  );

  const action = <B extends z.ZodType<Record<string, unknown>>>(
    path: string,
    name: string,
    body: B,
    toInput: (body: z.output<B>, row: EscalationRow) => Promise<{ [key: string]: Json }> | { [key: string]: Json },
  ) =>
    app.post(
      `/v1/escalations/:escalationId/${path}`,
      { config: { access: responders }, schema: { params, headers: idempotencyHeaders, body, response: commandResponses } },
      async (request, reply) => {
        const { escalationId } = request.params as z.output<typeof params>;
        const row = await visibleEscalation(deps, request, escalationId);
        const principal = principalOf(request);
        assertMayFor(principal, responders, row.teamId);
        const { seenVersion, note: text, ...rest } = request.body as z.output<B> & { seenVersion?: number; note?: string };
        const noteId = text === undefined ? null : newId('note');
        const input = await toInput(rest as z.output<B>, row);
        return runCommand(deps, request, reply, {
          name,
          kind: 'escalation',
          aggregateId: escalationId,
          priority: 1,
          input: { ...input, ...(seenVersion === undefined ? {} : { seenVersion }), ...(noteId === null ? {} : { noteId }) },
          also: async (tx) => {
            if (noteId !== null && text !== undefined) await insertNote(tx, principal.id, text, noteId);
          },
        });
      },
    );

  const plain = z.object(seen).strict();
  action('acknowledgements', 'acknowledge', z.object({ ...seen, asOfDelivery: z.string().max(200).optional() }).strict(), (body) =>
    body.asOfDelivery === undefined ? {} : { asOfDeliveryKey: body.asOfDelivery },
  );
  action('unacknowledgements', 'unacknowledge', plain, () => ({}));
  action(
    'escalations',
    'escalateNow',
    z.object({ ...seen, asOfPage: z.object({ pass: z.number().int().min(0), rung: z.number().int().min(0) }).strict().optional() }).strict(),
    (body) => (body.asOfPage === undefined ? {} : { asOfPage: body.asOfPage }),
  );
  action('snoozes', 'snooze', z.object({ ...seen, until: instant }).strict(), (body) => ({ until: Date.parse(body.until) }));
  action('resolutions', 'resolve', plain, () => ({}));
  action(
    'responders',
    'addResponder',
    z.object({ ...seen, personId: idOf('person'), shadow: z.boolean().default(false) }).strict(),
    (body) => ({ personId: body.personId, shadow: body.shadow }),
  );
  action('page-stops', 'stopOwnPages', plain, () => ({}));
  action(
    'reassignments',
    'reassign',
    z.object({ ...seen, personId: idOf('person').optional(), serviceId: idOf('service').optional() }).strict(),
    async (body): Promise<{ [key: string]: Json }> => {
      if (body.personId !== undefined) return { to: { kind: 'person', personId: body.personId } };
      if (body.serviceId === undefined) {
        throw new VigilError('request.invalid', { errors: [{ pointer: '/body', code: 'required', detail: 'name a personId or a serviceId' }] });
      }
      const { policy, teamId } = await frozenService(deps.db, body.serviceId);
      return { to: { kind: 'policy', policy: policy as unknown as Json, teamId } };
    },
  );
  action('policy-moves', 'moveToCurrentPolicy', plain, async (_body, row) => ({
    policy: (await frozenService(deps.db, row.serviceId)).policy as unknown as Json,
  }));
}

async function visibleEscalation(deps: ApiDeps, request: FastifyRequest, id: string): Promise<EscalationRow> {
  const row = await findEscalation(deps.db, id);
  if (!row) throw new VigilError('resource.not_found');
  assertVisible(principalOf(request), row.teamId);
  return row;
}

function toView(row: EscalationRow) {
  const { state: _state, canaryId, ...view } = row;
  return { ...withIsoDates(view), severity: row.severity as 1 | 2 | 3 | 4, isDrill: canaryId !== null };
}
