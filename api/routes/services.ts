import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { findEscalationPolicy } from '#db/repositories/escalation-policies.ts';
import { findPrincipal } from '#db/repositories/people.ts';
import {
  disableIntegration,
  findService,
  insertIntegration,
  insertService,
  listIntegrations,
  listServices,
} from '#db/repositories/services.ts';
import type { ServiceRow } from '#db/repositories/services.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
  key,
  listProblems,
  nothing,
  outInstant,
  pageOf,
  pageQuery,
  principalId,
  readProblems,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import type { Routes } from './types.ts';

const managers: readonly Role[] = ['oncall_manager', 'ops_lead'];
const params = z.object({ serviceId: idOf('service') });
const serviceSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    name: z.string(),
    policyId: z.string(),
    sensitive: z.boolean().describe('A page about it carries no content.'),
    createdAt: outInstant,
  })
  .meta({ id: 'Service' });
const newService = z
  .object({
    teamId: idOf('team'),
    key,
    name: title,
    policyId: idOf('escalationPolicy'),
    sensitive: z.boolean().default(false),
  })
  .strict();
const integrationSchema = z
  .object({
    id: z.string(),
    serviceId: z.string(),
    kind: z.string(),
    name: z.string(),
    principalId: z.string(),
    createdAt: outInstant,
    disabledAt: outInstant.nullable(),
  })
  .meta({ id: 'Integration' });
const newIntegration = z
  .object({ kind: z.enum(['generic', 'alertmanager', 'pagerduty_events_v2', 'heartbeat']), name: title, principalId })
  .strict();

/** Services: what alerts are about, and the senders that report on them. */
export function registerServices(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/services',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(serviceSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listServices(deps.db, visibleTeams(principalOf(request)), {
        limit,
        after: readCursor(cursor),
      });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.get(
    '/v1/services/:serviceId',
    { config: { access: 'any' }, schema: { params, response: { 200: serviceSchema, ...readProblems } } },
    async (request) => withIsoDates(await visibleService(deps, request)),
  );

  app.post(
    '/v1/services',
    {
      config: { access: managers },
      schema: { headers: idempotencyHeaders, body: newService, response: { 201: serviceSchema, ...createProblems } },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const { teamId, policyId } = request.body;
        assertMayFor(principalOf(request), managers, teamId);
        const policy = await findEscalationPolicy(tx, policyId);
        if (policy?.teamId !== teamId)
          throw unknownReference('/body/policyId', 'must be an escalation policy of this team');
        const row = created(await insertService(tx, request.body));
        await auditChange(tx, request, { kind: 'service', id: row.id }, 'created', { key: row.key, teamId, policyId });
        return { status: 201, body: withIsoDates(row) };
      }),
  );

  app.get(
    '/v1/services/:serviceId/integrations',
    {
      config: { access: 'any' },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(integrationSchema), ...readProblems } },
    },
    async (request) => {
      const service = await visibleService(deps, request);
      const { limit, cursor } = request.query;
      const rows = await listIntegrations(deps.db, service.id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.post(
    '/v1/services/:serviceId/integrations',
    {
      config: { access: managers },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: newIntegration,
        response: { 201: integrationSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), managers, service.teamId);
        if (!(await findPrincipal(tx, request.body.principalId)))
          throw unknownReference('/body/principalId', 'must be a principal');
        const row = await insertIntegration(tx, { serviceId: service.id, ...request.body });
        const data = { integrationId: row.id, integrationKind: row.kind, principalId: row.principalId };
        await auditChange(tx, request, { kind: 'service', id: service.id }, 'integrationAdded', data);
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );

  app.delete(
    '/v1/services/:serviceId/integrations/:integrationId',
    {
      config: { access: managers },
      schema: {
        params: params.extend({ integrationId: idOf('integration') }),
        response: { 204: nothing, ...readProblems },
      },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      assertMayFor(principalOf(request), managers, service.teamId);
      const { integrationId } = request.params;
      await deps.db.transaction(async (tx) => {
        found((await disableIntegration(tx, service.id, integrationId)) || null);
        await auditChange(tx, request, { kind: 'service', id: service.id }, 'integrationDisabled', { integrationId });
      });
      return reply.code(204).send(null);
    },
  );
}

/** The service named in the path, or 404 when it is of a team that the asker does not see. */
export async function visibleService(deps: ApiDeps, request: FastifyRequest): Promise<ServiceRow> {
  const { serviceId } = request.params as z.output<typeof params>;
  const service = found(await findService(deps.db, serviceId));
  assertVisible(principalOf(request), service.teamId);
  return service;
}

export const unknownReference = (pointer: string, detail: string): VigilError =>
  new VigilError('request.invalid', { errors: [{ pointer, code: 'unknown', detail }] });
