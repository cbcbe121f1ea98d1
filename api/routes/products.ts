import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { findProduct, insertProduct, listProducts } from '#db/repositories/products.ts';
import type { ProductRow } from '#db/repositories/products.ts';
import { findService } from '#db/repositories/services.ts';
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
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const owners: readonly Role[] = ['launch_owner', 'ops_lead', 'protection_scientist'];
const productSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    key: z.string(),
    name: z.string(),
    serviceId: z.string().describe('Where people are woken for it.'),
    countries: z.array(z.string()).describe('Where it is offered: the scope of a restriction.'),
    createdAt: outInstant,
  })
  .meta({ id: 'Product' });
const newProduct = z
  .object({
    teamId: idOf('team'),
    key,
    name: title,
    serviceId: idOf('service'),
    countries: z
      .array(z.string().regex(/^[A-Z]{2}$/, 'must be a two-letter code of a country'))
      .min(1)
      .max(250),
  })
  .strict();

/** Products: what is launched, and where events come from. */
export function registerProducts(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/products',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(productSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listProducts(deps.db, visibleTeams(principalOf(request)), {
        limit,
        after: readCursor(cursor),
      });
      return toPage(rows, limit, (row) => row.createdAt, withIsoDates);
    },
  );

  app.get(
    '/v1/products/:productId',
    {
      config: { access: 'any' },
      schema: { params: z.object({ productId: idOf('product') }), response: { 200: productSchema, ...readProblems } },
    },
    async (request) => withIsoDates(await visibleProduct(deps, request)),
  );

  app.post(
    '/v1/products',
    {
      config: { access: owners },
      schema: {
        headers: idempotencyHeaders,
        body: newProduct,
        response: { 201: productSchema, ...createProblems },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), owners, request.body.teamId);
        const service = await findService(tx, request.body.serviceId);
        if (service?.teamId !== request.body.teamId)
          throw unknownReference('/body/serviceId', 'must be a service of this team');
        const row = created(await insertProduct(tx, request.body));
        await auditChange(tx, request, { kind: 'product', id: row.id }, 'created', {
          key: row.key,
          teamId: row.teamId,
          serviceId: row.serviceId,
          countries: row.countries,
        });
        return { status: 201, body: withIsoDates(row) };
      }),
  );
}

/** The product named in the path, or 404 when it is of a team that the asker does not see. */
export async function visibleProduct(deps: ApiDeps, request: FastifyRequest): Promise<ProductRow> {
  const row = found(await findProduct(deps.db, (request.params as { productId: string }).productId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}
