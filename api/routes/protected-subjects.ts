import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { sha256Hex } from '#db/ids.ts';
import { listProtectedSubjects, protectSubject, unprotectSubject } from '#db/repositories/protected-subjects.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, nothing, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import { visibleProduct } from './products.ts';
import type { Routes } from './types.ts';

const keepers: readonly Role[] = ['ops_lead', 'policy', 'legal'];
const params = z.object({ productId: idOf('product') });
const accountRef = z.string().min(1).max(200);
const subjectSchema = z
  .object({ productId: z.string(), accountRef: z.string(), addedBy: z.string(), addedAt: outInstant })
  .meta({ id: 'ProtectedSubject' });

/** Accounts that no single person may restrict: staff, high-profile or otherwise protected. */
export function registerProtectedSubjects(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/products/:productId/protected-subjects',
    {
      config: { access: [...keepers, 'auditor'] },
      schema: {
        params,
        querystring: z
          .object({
            after: z.string().max(200).default(''),
            limit: z.coerce.number().int().min(1).max(200).default(50),
          })
          .strict(),
        response: {
          200: z.object({ items: z.array(subjectSchema), nextAfter: z.string().nullable() }),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const product = await visibleProduct(deps, request);
      const { after, limit } = request.query;
      const rows = await listProtectedSubjects(deps.db, product.id, { after, limit: limit + 1 });
      const items = rows.slice(0, limit).map(withIsoDates);
      return { items, nextAfter: rows.length > limit ? (items.at(-1)?.accountRef ?? null) : null };
    },
  );

  app.post(
    '/v1/products/:productId/protected-subjects',
    {
      config: { access: keepers },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ accountRef }).strict(),
        response: { 201: subjectSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const product = await visibleProduct(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, product.teamId);
        const subject = { productId: product.id, accountRef: request.body.accountRef, addedBy: personOf(request).id };
        const row = created(await protectSubject(tx, subject));
        await auditChange(tx, request, { kind: 'product', id: product.id }, 'subjectProtected', named(row.accountRef));
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );

  app.delete(
    '/v1/products/:productId/protected-subjects/:accountRef',
    {
      config: { access: keepers },
      schema: { params: params.extend({ accountRef }), response: { 204: nothing, ...readProblems } },
    },
    async (request, reply) => {
      const product = await visibleProduct(deps, request);
      assertMayFor(principalOf(request), keepers, product.teamId);
      personOf(request);
      await deps.db.transaction(async (tx) => {
        found((await unprotectSubject(tx, product.id, request.params.accountRef)) || null);
        await auditChange(
          tx,
          request,
          { kind: 'product', id: product.id },
          'subjectUnprotected',
          named(request.params.accountRef),
        );
      });
      return reply.code(204).send(null);
    },
  );
}

/** Who is protected is told by a hash: the chain outlives the account. */
const named = (ref: string) => ({ accountSha256: sha256Hex(ref) });
