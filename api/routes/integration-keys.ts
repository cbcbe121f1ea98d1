import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import {
  findIntegration,
  forgetIntegrations,
  insertIntegrationKey,
  revokeIntegrationKey,
} from '#db/repositories/integrations.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, nothing, readProblems, withIsoDates } from '../schemas/common.ts';
import { broughtKey, newKeySchema } from '../schemas/integration.ts';
import { aboutKey, assertFits, visibleIntegration } from './integrations.ts';
import type { Routes } from './types.ts';

const managers: readonly Role[] = ['oncall_manager', 'ops_lead'];
const params = z.object({ integrationId: idOf('integration') });

/**
 * Keys of integrations: made here, or brought along from another product so that senders need not be touched. Two are live during a rotation: senders move from the old one to the new, then the old is revoked.
 */
export function registerIntegrationKeys(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/integrations/:integrationId/keys',
    {
      config: { access: managers },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ key: broughtKey.optional() }).strict().nullish(),
        response: { 201: newKeySchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { id, kind, teamId } = await visibleIntegration(deps, request);
      const brought = request.body?.key;
      assertFits(brought, kind);
      const answer = await once(
        deps,
        request,
        reply,
        async (tx) => {
          assertMayFor(principalOf(request), managers, teamId);
          const row = found(await findIntegration(tx, id, { lock: true }));
          if (row.disabledAt !== null) throw new VigilError('resource.not_found');
          const key = await insertIntegrationKey(tx, id, principalOf(request).id, brought);
          await auditChange(tx, request, { kind: 'integration', id }, 'keyCreated', aboutKey(key));
          return { status: 201, body: withIsoDates(key), headers: { 'cache-control': 'no-store' } };
        },
        { isSecret: brought === undefined },
      );
      forgetIntegrations(deps.db);
      return answer;
    },
  );

  app.delete(
    '/v1/integrations/:integrationId/keys/:keyId',
    {
      config: { access: managers },
      schema: { params: params.extend({ keyId: idOf('integrationKey') }), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const { id, teamId } = await visibleIntegration(deps, request);
      assertMayFor(principalOf(request), managers, teamId);
      const { keyId } = request.params;
      await deps.db.transaction(async (tx) => {
        found((await revokeIntegrationKey(tx, id, keyId)) || null);
        await auditChange(tx, request, { kind: 'integration', id }, 'keyRevoked', { keyId });
      });
      forgetIntegrations(deps.db);
      return reply.code(204).send(null);
    },
  );
}
