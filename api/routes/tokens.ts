import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sha256Hex } from '#db/ids.ts';
import { insertToken, listTokens, revokeToken } from '#db/repositories/access.ts';
import { findPrincipal } from '#db/repositories/people.ts';
import { forgetPrincipals } from '#db/repositories/principals.ts';
import { idempotencyHeaders } from '../commands.ts';
import { assertEverywhere, auditChange, found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import {
  createProblems,
  idOf,
  nothing,
  outInstant,
  pageOf,
  pageQuery,
  principalId,
  readProblems,
  withIsoDates,
} from '../schemas/common.ts';
import type { Routes } from './types.ts';

const params = z.object({ principalId });
const tokenSchema = z
  .object({
    id: z.string(),
    principalId: z.string(),
    label: z.string(),
    createdAt: outInstant,
    expiresAt: outInstant,
    lastUsedAt: outInstant.nullable(),
    revokedAt: outInstant.nullable(),
  })
  .meta({ id: 'Token' });
const newTokenSchema = tokenSchema.extend({
  token: z.string().describe('Shown this once. Vigil keeps its hash only.'),
});
const newToken = z
  .object({ label: z.string().min(1).max(200), days: z.number().int().min(1).max(366).default(90) })
  .strict();

/** Tokens: 256 random bits, kept as their SHA-256. */
export function registerTokens(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/principals/:principalId/tokens',
    {
      config: { access: 'any' },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: newToken,
        response: { 201: newTokenSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { principalId: id } = request.params;
      assertOwnOrAdmin(request, id);
      return once(
        deps,
        request,
        reply,
        async (tx) => {
          found(await findPrincipal(tx, id));
          const secret = `vgl_${randomBytes(32).toString('base64url')}`;
          const row = await insertToken(tx, { principalId: id, sha256: sha256Hex(secret), ...request.body });
          await auditChange(tx, request, { kind: 'principal', id }, 'tokenCreated', { tokenId: row.id });
          return {
            status: 201,
            body: { ...withIsoDates(row), token: secret },
            headers: { 'cache-control': 'no-store' },
          };
        },
        { isSecret: true },
      );
    },
  );

  app.get(
    '/v1/principals/:principalId/tokens',
    {
      config: { access: 'any' },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(tokenSchema), ...readProblems } },
    },
    async (request) => {
      const { principalId: id } = request.params;
      assertOwnOrAdmin(request, id);
      const { limit, cursor } = request.query;
      const rows = await listTokens(deps.db, id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.delete(
    '/v1/principals/:principalId/tokens/:tokenId',
    {
      config: { access: 'any' },
      schema: { params: params.extend({ tokenId: idOf('token') }), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const { principalId: id, tokenId } = request.params;
      assertOwnOrAdmin(request, id);
      await deps.db.transaction(async (tx) => {
        found((await revokeToken(tx, id, tokenId)) || null);
        await auditChange(tx, request, { kind: 'principal', id }, 'tokenRevoked', { tokenId });
      });
      forgetPrincipals(deps.db);
      return reply.code(204).send(null);
    },
  );
}

/** A person manages their own tokens; everybody else's, and those of services, are an administrator's. */
function assertOwnOrAdmin(request: FastifyRequest, id: string): void {
  const principal = principalOf(request);
  if (principal.kind !== 'person' || principal.id !== id) assertEverywhere(request);
}
