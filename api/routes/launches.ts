import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { readinessView } from '#domain/launch/view.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { Role } from '#domain/actor.ts';
import { newId } from '#db/ids.ts';
import { databaseNow } from '#db/now.ts';
import { currentEvidenceSet } from '#db/repositories/launch-evidence.ts';
import { findLaunch, insertLaunch, listLaunches } from '#db/repositories/launches.ts';
import type { LaunchRow } from '#db/repositories/launches.ts';
import { findProduct } from '#db/repositories/products.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { commandResponses, idempotencyHeaders, runCommand } from '../commands.ts';
import { found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, outInstant, pageOf, pageQuery, title, withIsoDates } from '../schemas/common.ts';
import { registerLaunchCommands } from './launch-commands.ts';
import type { Routes } from './types.ts';

const openers: readonly Role[] = ['launch_owner', 'protection_scientist'];
const params = z.object({ launchId: idOf('launch') });

const launchSchema = z
  .object({
    id: z.string(),
    productId: z.string(),
    teamId: z.string(),
    name: z.string(),
    openedBy: z.string(),
    version: z.number().int(),
    status: z.string(),
    tier: z.string().nullable(),
    stagePercent: z.number().int(),
    onHold: z.boolean(),
    openedAt: outInstant,
    updatedAt: outInstant,
    closedAt: outInstant.nullable(),
  })
  .meta({ id: 'Launch' });

/** Launches: starting one, reading what blocks it, and what people decide about it. */
export function registerLaunches(app: Routes, deps: ApiDeps): void {
  const find = async (request: FastifyRequest, id: string): Promise<LaunchRow> => {
    const row = found(await findLaunch(deps.db, id));
    assertVisible(principalOf(request), row.teamId);
    return row;
  };

  app.get(
    '/v1/launches',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ open: z.stringbool().default(false), productId: idOf('product').optional() }),
        response: { 200: pageOf(launchSchema), ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => {
      const { limit, cursor, open, productId } = request.query;
      const page = { limit, after: readCursor(cursor) };
      const rows = await listLaunches(deps.db, visibleTeams(principalOf(request)), { openOnly: open, productId }, page);
      return toPage(rows, limit, (row) => row.openedAt, toView);
    },
  );

  app.post(
    '/v1/launches',
    {
      config: { access: openers },
      schema: {
        headers: idempotencyHeaders,
        body: z.object({ productId: idOf('product'), name: title }).strict(),
        response: commandResponses,
      },
    },
    async (request, reply) => {
      const { productId, name } = request.body;
      const person = personOf(request);
      const product = found(await findProduct(deps.db, productId));
      assertMayFor(principalOf(request), openers, product.teamId);
      const id = newId('launch');
      const opening = { id, productId, teamId: product.teamId, openedBy: person.id };
      return runCommand(deps, request, reply, {
        mode: 'start',
        name: 'open',
        kind: 'launch',
        aggregateId: id,
        teamId: product.teamId,
        input: opening,
        also: (tx) => insertLaunch(tx, { ...opening, name }),
      });
    },
  );

  app.get(
    '/v1/launches/:launchId',
    {
      config: { access: 'any' },
      schema: {
        params,
        response: {
          200: launchSchema.extend({ state: z.unknown().describe('The launch as its workflow recorded it.') }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const row = await find(request, request.params.launchId);
      return { ...toView(row), state: row.state };
    },
  );

  app.get(
    '/v1/launches/:launchId/readiness',
    {
      config: { access: 'any' },
      schema: {
        params,
        response: {
          200: z
            .looseObject({ evidenceSet: z.object({ revision: z.number().int(), hash: z.string() }) })
            .describe(
              'What blocks, whose it is and when it is due; and the evidence set that a sign-off would sign for.',
            ),
          ...problems(401, 403, 404, 409, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const row = await find(request, request.params.launchId);
      if (!row.state) throw new VigilError('service.unavailable');
      return {
        ...readinessView(row.state, await databaseNow(deps.db)),
        evidenceSet: await currentEvidenceSet(deps.db, row.id),
      };
    },
  );

  registerLaunchCommands(app, deps, find);
}

function toView({ state: _state, ...row }: LaunchRow & { state: Launch | null }) {
  return withIsoDates(row);
}
