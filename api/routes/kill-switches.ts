import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import {
  engageKillSwitch,
  listKillSwitches,
  releaseKillSwitch,
  tellOrdersOfRelease,
} from '#db/repositories/kill-switches.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, outInstant, pageOf, pageQuery, readProblems, withIsoDates } from '../schemas/common.ts';
import { visibleProduct } from './products.ts';
import type { Routes } from './types.ts';

/** Stopping is cheap: whoever is on call may. Starting again is for those who answer for it. */
const engagers: readonly Role[] = ['ops_lead', 'protection_scientist', 'oncall_manager', 'responder'];
const releasers: readonly Role[] = ['ops_lead', 'oncall_manager'];
const params = z.object({ productId: idOf('product') });
const switchSchema = z
  .object({
    id: z.string(),
    productId: z.string(),
    engagedBy: z.string(),
    engagedAt: outInstant,
    releasedBy: z.string().nullable(),
    releasedAt: outInstant.nullable(),
  })
  .meta({ id: 'KillSwitch' });

/** While a product's kill switch is engaged, no new enforcement action of it starts. Only people engage and release it. */
export function registerKillSwitches(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/products/:productId/kill-switches',
    {
      config: { access: 'any' },
      schema: { params, querystring: pageQuery, response: { 200: pageOf(switchSchema), ...readProblems } },
    },
    async (request) => {
      const { id } = await visibleProduct(deps, request);
      const { limit, cursor } = request.query;
      const rows = await listKillSwitches(deps.db, id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.engagedAt, withIsoDates);
    },
  );

  app.post(
    '/v1/products/:productId/kill-switches',
    {
      config: { access: engagers },
      schema: { params, headers: idempotencyHeaders, response: { 201: switchSchema, ...createProblems } },
    },
    async (request, reply) => {
      const product = await visibleProduct(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), engagers, product.teamId);
        const row = created(await engageKillSwitch(tx, product.id, personOf(request).id));
        await auditChange(tx, request, { kind: 'product', id: product.id }, 'killSwitchEngaged', {
          killSwitchId: row.id,
        });
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );

  app.post(
    '/v1/products/:productId/kill-switches/:killSwitchId/releases',
    {
      config: { access: releasers },
      schema: {
        params: params.extend({ killSwitchId: idOf('killSwitch') }),
        headers: idempotencyHeaders,
        response: { 201: switchSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const product = await visibleProduct(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), releasers, product.teamId);
        const row = found(await releaseKillSwitch(tx, product.id, request.params.killSwitchId, personOf(request).id));
        await tellOrdersOfRelease(tx, product.id, row.id);
        await auditChange(tx, request, { kind: 'product', id: product.id }, 'killSwitchReleased', {
          killSwitchId: row.id,
        });
        return { status: 201, body: withIsoDates(row) };
      });
    },
  );
}
