import { z } from 'zod';
import { roles } from '#domain/actor.ts';
import { isZone } from '#domain/oncall/zone-clock.ts';
import { findGrant, insertGrant, listGrants, revokeGrant } from '#db/repositories/access.ts';
import { forgetPrincipals } from '#db/repositories/principals.ts';
import { disablePrincipal, findPrincipal, insertPrincipal, listPrincipals } from '#db/repositories/people.ts';
import { findTeam } from '#db/repositories/teams.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertEverywhere, auditChange, created, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
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

const params = z.object({ principalId });
const principalSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'service']),
    name: z.string(),
    createdAt: outInstant,
    disabledAt: outInstant.nullable(),
  })
  .meta({ id: 'Principal' });
const grantSchema = z
  .object({
    id: z.string(),
    principalId: z.string(),
    role: z.enum(roles),
    teamId: z.string().nullable().describe('Null: for every team.'),
    grantedBy: z.string().nullable(),
    grantedAt: outInstant,
    revokedAt: outInstant.nullable(),
  })
  .meta({ id: 'RoleGrant' });
const newPrincipal = z
  .object({
    kind: z.enum(['person', 'service']),
    name: title,
    timeZone: z
      .string()
      .refine(isZone, 'must be a time zone of the IANA database')
      .optional()
      .describe('For a person. UTC when left out.'),
  })
  .strict();

/** People and services, and the roles that they hold. */
export function registerPrincipals(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/principals',
    {
      config: { access: ['admin', 'auditor'] },
      schema: { querystring: pageQuery, response: { 200: pageOf(principalSchema), ...listProblems } },
    },
    async (request) => {
      assertEverywhere(request, 'auditor');
      const { limit, cursor } = request.query;
      const rows = await listPrincipals(deps.db, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, toView);
    },
  );

  app.get(
    '/v1/principals/:principalId',
    { config: { access: 'any' }, schema: { params, response: { 200: principalSchema, ...readProblems } } },
    async (request) => toView(found(await findPrincipal(deps.db, request.params.principalId))),
  );

  app.get(
    '/v1/me',
    {
      config: { access: 'any' },
      schema: {
        response: {
          200: z
            .object({
              id: z.string(),
              kind: z.enum(['person', 'service']),
              name: z.string(),
              grants: z.array(z.object({ role: z.enum(roles), teamId: z.string().nullable() })),
            })
            .describe('Whose token this is, and what it may do.'),
          ...listProblems,
        },
      },
    },
    async (request) => {
      const { id, kind, name, grants } = principalOf(request);
      return { id, kind, name, grants: [...grants] };
    },
  );

  app.post(
    '/v1/principals',
    {
      config: { access: ['admin'] },
      schema: {
        headers: idempotencyHeaders,
        body: newPrincipal,
        response: { 201: principalSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        assertEverywhere(request);
        const { kind, name, timeZone } = request.body;
        const row = await insertPrincipal(tx, { kind, name, ...(timeZone === undefined ? {} : { timeZone }) });
        await auditChange(tx, request, { kind: 'principal', id: row.id }, 'created', { kind });
        return { status: 201, body: toView(row) };
      }),
  );

  app.post(
    '/v1/principals/:principalId/disablements',
    {
      config: { access: ['admin'] },
      schema: { params, headers: idempotencyHeaders, response: { 200: principalSchema, ...createProblems } },
    },
    async (request, reply) => {
      const answer = await once(deps, request, reply, async (tx) => {
        assertEverywhere(request);
        const { principalId: id } = request.params;
        found(await findPrincipal(tx, id));
        if (await disablePrincipal(tx, id)) await auditChange(tx, request, { kind: 'principal', id }, 'disabled');
        return { status: 200, body: toView(found(await findPrincipal(tx, id))) };
      });
      forgetPrincipals(deps.db);
      return answer;
    },
  );

  app.get(
    '/v1/principals/:principalId/role-grants',
    {
      config: { access: ['admin', 'auditor'] },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(grantSchema), ...readProblems } },
    },
    async (request) => {
      assertEverywhere(request, 'auditor');
      const { limit, cursor } = request.query;
      const rows = await listGrants(deps.db, request.params.principalId, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.grantedAt, toGrantView);
    },
  );

  app.post(
    '/v1/principals/:principalId/role-grants',
    {
      config: { access: ['admin'] },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z
          .object({ role: z.enum(roles), teamId: idOf('team').nullable().describe('Null: for every team.') })
          .strict(),
        response: { 201: grantSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const answer = await once(deps, request, reply, async (tx) => {
        const { principalId: id } = request.params;
        const { role, teamId } = request.body;
        assertAdminOf(request, teamId);
        found(await findPrincipal(tx, id));
        if (teamId !== null) found(await findTeam(tx, teamId));
        const grant = created(
          await insertGrant(tx, { principalId: id, role, teamId, grantedBy: principalOf(request).id }),
        );
        await auditChange(tx, request, { kind: 'principal', id }, 'roleGranted', { grantId: grant.id, role, teamId });
        return { status: 201, body: toGrantView(grant) };
      });
      forgetPrincipals(deps.db);
      return answer;
    },
  );

  app.delete(
    '/v1/principals/:principalId/role-grants/:grantId',
    {
      config: { access: ['admin'] },
      schema: { params: params.extend({ grantId: idOf('roleGrant') }), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const { principalId: id, grantId } = request.params;
      await deps.db.transaction(async (tx) => {
        const grant = found(await findGrant(tx, id, grantId));
        assertAdminOf(request, grant.teamId);
        await revokeGrant(tx, grantId);
        await auditChange(tx, request, { kind: 'principal', id }, 'roleRevoked', {
          grantId,
          role: grant.role,
          teamId: grant.teamId,
        });
      });
      forgetPrincipals(deps.db);
      return reply.code(204).send(null);
    },
  );
}

/** An administrator of one team grants for that team only. */
function assertAdminOf(request: Parameters<typeof principalOf>[0], teamId: string | null): void {
  if (teamId === null) assertEverywhere(request);
  else assertMayFor(principalOf(request), ['admin'], teamId);
}

const toView = (row: Awaited<ReturnType<typeof findPrincipal>> & object) => ({
  ...withIsoDates(row),
  kind: row.kind as 'person' | 'service',
});
const toGrantView = (row: NonNullable<Awaited<ReturnType<typeof findGrant>>>) => ({
  ...withIsoDates(row),
  role: row.role as (typeof roles)[number],
});
