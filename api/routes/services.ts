import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { findEscalationPolicy } from '#db/repositories/escalation-policies.ts';
import { findService, insertService, listServices } from '#db/repositories/services.ts';
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
  outInstant,
  pageOf,
  pageQuery,
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
/** Services: what alerts are about. */
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
