import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  approverRoles,
  operatorRoles,
  refusalReasons,
  reversalReasons,
  reverserRoles,
} from '#domain/enforcement/order.ts';
import { findOrder, findOrderParts, listOrders } from '#db/repositories/reading.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { commandRoutes } from '../command-routes.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, outInstant, pageOf, pageQuery, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const params = z.object({ orderId: idOf('enforcement') });
const filter = pageQuery.extend({
  open: z.stringbool().default(false),
  caseId: idOf('case').optional(),
  productId: idOf('product').optional(),
  accountRef: z.string().min(1).max(200).optional(),
  status: z.string().min(1).max(50).optional(),
});

const orderSchema = z
  .object({
    id: z.string(),
    teamId: z.string(),
    productId: z.string(),
    caseId: z.string(),
    decisionId: z.string(),
    accountRef: z.string(),
    action: z.string(),
    durationMs: z.number().int().nullable(),
    policyVersionId: z.string(),
    decidedBy: z.string(),
    approvedBy: z.string().nullable(),
    version: z.number().int(),
    status: z.string(),
    openedAt: outInstant,
    updatedAt: outInstant,
    endsAt: outInstant.nullable(),
    closedAt: outInstant.nullable(),
  })
  .meta({ id: 'EnforcementOrder' });

const partsSchema = {
  state: z.unknown().describe('The order as its workflow recorded it.'),
  actions: z.array(
    z.object({
      id: z.string(),
      operation: z.string(),
      action: z.string(),
      status: z.string(),
      effectId: z.string().nullable(),
      attempts: z.number().int(),
      startedAt: outInstant,
      settledAt: outInstant.nullable(),
    }),
  ),
  notices: z.array(z.object({ id: z.string(), kind: z.string(), status: z.string(), sentAt: outInstant.nullable() })),
  statements: z.array(z.object({ id: z.string(), kind: z.string(), statement: z.unknown(), createdAt: outInstant })),
};

/** Enforcement orders: what a decision asked of the platform, what came of it, and what people do about it. */
export function registerEnforcementOrders(app: Routes, deps: ApiDeps): void {
  const find = async (request: FastifyRequest, id: string) => {
    const row = found(await findOrder(deps.db, id));
    assertVisible(principalOf(request), row.teamId);
    return row;
  };

  app.get(
    '/v1/enforcement-orders',
    {
      config: { access: 'any' },
      schema: {
        querystring: filter,
        response: { 200: pageOf(orderSchema), ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => {
      const { limit, cursor, open, ...rest } = request.query;
      const rows = await listOrders(
        deps.db,
        visibleTeams(principalOf(request)),
        { openOnly: open, ...rest },
        { limit, after: readCursor(cursor) },
      );
      return toPage(rows, limit, (row) => row.openedAt, toView);
    },
  );

  app.get(
    '/v1/enforcement-orders/:orderId',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: orderSchema.extend(partsSchema), ...problems(401, 403, 404, 422, 429, 503) } },
    },
    async (request) => {
      const row = await find(request, request.params.orderId);
      const parts = await findOrderParts(deps.db, row.id);
      return {
        ...toView(row),
        state: row.state,
        actions: parts.actions.map(withIsoDates),
        notices: parts.notices.map(withIsoDates),
        statements: parts.statements.map(withIsoDates),
      };
    },
  );

  const command = commandRoutes(app, deps, {
    kind: 'enforcement',
    path: '/v1/enforcement-orders/:orderId',
    params,
    roles: approverRoles,
    priority: 2,
    find,
  });
  const empty = z.object({}).strict();
  command({ resource: 'approvals', name: 'approve', body: empty });
  command({ resource: 'refusals', name: 'refuse', body: z.object({ reasonCode: z.enum(refusalReasons) }).strict() });
  command({
    resource: 'reversals',
    name: 'reverse',
    roles: reverserRoles,
    body: z.object({ reasonCode: z.enum(reversalReasons) }).strict(),
  });
  command({ resource: 'permanence', name: 'makePermanent', body: empty });
  command({ resource: 'retries', name: 'retry', roles: operatorRoles, body: empty });
  command({ resource: 'settlements-by-hand', name: 'settleByHand', body: empty });
}

function toView({ state: _state, synthetic: _synthetic, ...row }: NonNullable<Awaited<ReturnType<typeof findOrder>>>) {
  return withIsoDates(row);
}
