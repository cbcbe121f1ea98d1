import { z } from 'zod';
import { harmNames } from '#domain/harms.ts';
import {
  findPolicy,
  findPolicyVersion,
  insertPolicy,
  listPolicies,
  listVersions,
  publishVersion,
} from '#db/repositories/policies.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
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

const params = z.object({ policyId: idOf('policy') });
const policySchema = z
  .object({ id: z.string(), key: z.string(), title: z.string(), harm: z.string(), createdAt: outInstant })
  .meta({ id: 'Policy' });
const versionSchema = z
  .object({
    id: z.string(),
    policyId: z.string(),
    number: z.number().int(),
    body: z.string().describe('The text that reviewers judge by.'),
    sha256: z.string(),
    publishedBy: z.string(),
    publishedAt: outInstant,
  })
  .meta({ id: 'PolicyVersion' });
const newPolicy = z.object({ key, title, harm: z.enum(harmNames as [string, ...string[]]) }).strict();

/** Policies: what reviewers judge by. A version is published once and never changed; cases are pinned to one. */
export function registerPolicies(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/policies',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(policySchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listPolicies(deps.db, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.get(
    '/v1/policies/:policyId',
    { config: { access: 'any' }, schema: { params, response: { 200: policySchema, ...readProblems } } },
    async (request) => withIsoDates(found(await findPolicy(deps.db, request.params.policyId))),
  );

  app.get(
    '/v1/policies/:policyId/versions',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: z.object({ items: z.array(versionSchema) }), ...readProblems } },
    },
    async (request) => {
      const { id } = found(await findPolicy(deps.db, request.params.policyId));
      return { items: (await listVersions(deps.db, id)).map(withIsoDates) };
    },
  );

  app.get(
    '/v1/policy-versions/:policyVersionId',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ policyVersionId: idOf('policyVersion') }),
        response: { 200: versionSchema, ...readProblems },
      },
    },
    async (request) => withIsoDates(found(await findPolicyVersion(deps.db, request.params.policyVersionId))),
  );

  app.post(
    '/v1/policies',
    {
      config: { access: ['policy'] },
      schema: { headers: idempotencyHeaders, body: newPolicy, response: { 201: policySchema, ...createProblems } },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const row = created(await insertPolicy(tx, request.body));
        await auditChange(tx, request, { kind: 'policy', id: row.id }, 'created', { key: row.key, harm: row.harm });
        return { status: 201, body: withIsoDates(row) };
      }),
  );

  app.post(
    '/v1/policies/:policyId/versions',
    {
      config: { access: ['policy'] },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ body: z.string().min(1).max(100_000) }).strict(),
        response: { 201: versionSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const { id } = found(await findPolicy(tx, request.params.policyId));
        const row = await publishVersion(tx, {
          policyId: id,
          body: request.body.body,
          publishedBy: personOf(request).id,
        });
        const data = { policyVersionId: row.id, number: row.number, sha256: row.sha256 };
        await auditChange(tx, request, { kind: 'policy', id }, 'versionPublished', data);
        return { status: 201, body: withIsoDates(row) };
      }),
  );
}
