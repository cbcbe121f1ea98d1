import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { misfitOf } from '#domain/intake/sender-key.ts';
import type { Json } from '#domain/json.ts';
import { canonicalHash } from '#db/audit-chain.ts';
import {
  changeIntegration,
  disableIntegration,
  documentOf,
  findIntegration,
  forgetIntegrations,
  insertIntegration,
  insertIntegrationKey,
  listIntegrationKeys,
  listIntegrations,
} from '#db/repositories/integrations.ts';
import type { IntegrationRow } from '#db/repositories/integrations.ts';
import { findPrincipal, insertPrincipal } from '#db/repositories/people.ts';
import { assertMayFor, assertVisible } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertMatch, auditChange, found, withEtag } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { resolveDocument } from '../intake/documents.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  changeProblems,
  createProblems,
  idOf,
  ifMatch,
  nothing,
  pageOf,
  pageQuery,
  principalId,
  readProblems,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import type { integrationDocument } from '../schemas/integration.ts';
import {
  broughtKey,
  integrationKeySchema,
  integrationKind,
  integrationSchema,
  newIntegrationDocument,
  newKeySchema,
} from '../schemas/integration.ts';
import { unknownReference, visibleService } from './services.ts';
import type { Routes } from './types.ts';

const managers: readonly Role[] = ['oncall_manager', 'ops_lead'];
const ofService = z.object({ serviceId: idOf('service') });
const params = z.object({ integrationId: idOf('integration') });
const newIntegration = z
  .object({
    kind: integrationKind,
    name: title,
    principalId: principalId
      .optional()
      .describe('Who reports, by its own token. Without it a principal is made, and a key that is shown once.'),
    document: newIntegrationDocument.optional(),
    key: broughtKey.optional().describe('Of another product, whose senders stay as they are: instead of a new key.'),
  })
  .strict()
  .refine(({ key, principalId: reporter }) => key === undefined || reporter === undefined, {
    path: ['key'],
    error: 'must not be with a principalId: either a key opens it, or a token',
  });

/** Integrations: senders that may report on a service, how their reports are read, and the keys that let them in. */
export function registerIntegrations(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/services/:serviceId/integrations',
    {
      config: { access: 'any' },
      schema: {
        params: ofService,
        querystring: pageQuery,
        response: { 200: pageOf(integrationSchema), ...readProblems },
      },
    },
    async (request) => {
      const service = await visibleService(deps, request);
      const { limit, cursor } = request.query;
      const rows = await listIntegrations(deps.db, service.id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, toView);
    },
  );

  app.post(
    '/v1/services/:serviceId/integrations',
    {
      config: { access: managers },
      schema: {
        params: ofService,
        headers: idempotencyHeaders,
        body: newIntegration,
        response: {
          201: integrationSchema.extend({ key: newKeySchema.nullable().describe('Null for a sender with a token.') }),
          ...createProblems,
        },
      },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      const { kind, name, document, principalId: reporter, key: brought } = request.body;
      const isKeyed = reporter === undefined;
      assertFits(brought, kind);
      const answer = await once(
        deps,
        request,
        reply,
        async (tx) => {
          assertMayFor(principalOf(request), managers, service.teamId);
          if (isKeyed && kind === 'heartbeat')
            throw unknownReference('/body/kind', 'a heartbeat has a monitor, not a key');
          if (!isKeyed && !(await findPrincipal(tx, reporter)))
            throw unknownReference('/body/principalId', 'must be a principal');
          const principal = reporter ?? (await insertPrincipal(tx, { kind: 'service', name })).id;
          if (isKeyed)
            await auditChange(tx, request, { kind: 'principal', id: principal }, 'created', { kind: 'service' });
          const row = await insertIntegration(tx, {
            serviceId: service.id,
            kind,
            name,
            principalId: principal,
            ...(document === undefined ? {} : { document: await resolveDocument(tx, service.teamId, document) }),
          });
          const data = { integrationId: row.id, integrationKind: kind, principalId: principal };
          await auditChange(tx, request, { kind: 'service', id: service.id }, 'integrationAdded', data);
          const key = isKeyed ? await insertIntegrationKey(tx, row.id, principalOf(request).id, brought) : null;
          if (key) await auditChange(tx, request, { kind: 'integration', id: row.id }, 'keyCreated', aboutKey(key));
          const body = { ...toView(row), key: key && withIsoDates(key) };
          return { status: 201, body, ...(isKeyed ? { headers: { 'cache-control': 'no-store' } } : {}) };
        },
        { isSecret: isKeyed && brought === undefined },
      );
      forgetIntegrations(deps.db);
      return answer;
    },
  );

  app.delete(
    '/v1/services/:serviceId/integrations/:integrationId',
    {
      config: { access: managers },
      schema: { params: ofService.extend(params.shape), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const service = await visibleService(deps, request);
      assertMayFor(principalOf(request), managers, service.teamId);
      const { integrationId } = request.params;
      await deps.db.transaction(async (tx) => {
        const keyIds = found(await disableIntegration(tx, service.id, integrationId));
        await auditChange(tx, request, { kind: 'service', id: service.id }, 'integrationDisabled', { integrationId });
        for (const keyId of keyIds)
          await auditChange(tx, request, { kind: 'integration', id: integrationId }, 'keyRevoked', { keyId });
      });
      forgetIntegrations(deps.db);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/integrations/:integrationId',
    {
      config: { access: 'any' },
      schema: {
        params,
        response: { 200: integrationSchema.extend({ keys: z.array(integrationKeySchema) }), ...readProblems },
      },
    },
    async (request, reply) => {
      const row = await visibleIntegration(deps, request);
      const keys = await listIntegrationKeys(deps.db, row.id);
      return { ...toView(withEtag(reply, row)), keys: keys.map(withIsoDates) };
    },
  );

  app.put(
    '/v1/integrations/:integrationId',
    {
      config: { access: managers },
      schema: {
        params,
        headers: ifMatch,
        body: z.object({ name: title.optional(), document: newIntegrationDocument }).strict(),
        response: { 200: integrationSchema, ...changeProblems },
      },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleIntegration(deps, request);
      assertMayFor(principalOf(request), managers, teamId);
      const { name, document: written } = request.body;
      const row = await deps.db.transaction(async (tx) => {
        assertMatch(request, found(await findIntegration(tx, id, { lock: true })).version);
        const document = await resolveDocument(tx, teamId, written);
        const changed = await changeIntegration(tx, id, { document, ...(name === undefined ? {} : { name }) });
        await auditChange(tx, request, { kind: 'integration', id }, 'changed', {
          version: changed.version,
          documentSha256: canonicalHash(document as unknown as Json),
        });
        return changed;
      });
      forgetIntegrations(deps.db);
      return toView(withEtag(reply, row));
    },
  );
}

/** The integration named in the path, or 404 when it is of a team that the asker does not see. */
export async function visibleIntegration(deps: ApiDeps, request: FastifyRequest) {
  const { integrationId } = request.params as z.output<typeof params>;
  const row = found(await findIntegration(deps.db, integrationId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

/** Fails with `request.invalid` when no sender of that kind could show the key that is brought. */
export function assertFits(brought: string | undefined, kind: string): void {
  const misfit = brought === undefined ? null : misfitOf(brought, kind);
  if (misfit !== null) throw unknownReference('/body/key', misfit);
}

/** What the audit says of a key: never the key. */
export const aboutKey = ({ id, key }: { readonly id: string; readonly key: string | null }) => ({
  keyId: id,
  origin: key === null ? 'imported' : 'made',
});

const toView = (row: IntegrationRow) =>
  withIsoDates({ ...row, document: documentOf(row) as z.output<typeof integrationDocument> });
