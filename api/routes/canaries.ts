import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { minuteMs } from '#domain/time.ts';
import { newId } from '#db/ids.ts';
import { insertCanaryRun } from '#db/repositories/canary-runs.ts';
import { findDetectorVersion } from '#db/repositories/detectors.ts';
import { findLaunch } from '#db/repositories/launches.ts';
import { findCanary, listCanaries } from '#db/repositories/reading.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { commandResponses, idempotencyHeaders, runCommand } from '../commands.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, outInstant, pageOf, pageQuery, withIsoDates } from '../schemas/common.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const starters: readonly Role[] = ['protection_scientist', 'launch_owner', 'oncall_manager', 'ops_lead'];

const canarySchema = z
  .object({
    id: z.string(),
    launchId: z.string().nullable(),
    productId: z.string(),
    teamId: z.string(),
    detectorVersionId: z.string(),
    version: z.number().int(),
    status: z.string(),
    openedAt: outInstant,
    updatedAt: outInstant,
    closedAt: outInstant.nullable(),
  })
  .meta({ id: 'CanaryRun' });

/** Canaries: a synthetic abuse event from detector to a person's acknowledgement, started by hand here. */
export function registerCanaries(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/canaries',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({ launchId: idOf('launch').optional() }),
        response: { 200: pageOf(canarySchema), ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => {
      const { limit, cursor, launchId } = request.query;
      const rows = await listCanaries(
        deps.db,
        visibleTeams(principalOf(request)),
        { launchId },
        { limit, after: readCursor(cursor) },
      );
      return toPage(rows, limit, (row) => row.openedAt, toView);
    },
  );

  app.get(
    '/v1/canaries/:canaryId',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ canaryId: idOf('canary') }),
        response: { 200: canarySchema.extend({ state: z.unknown() }), ...problems(401, 403, 404, 422, 429, 503) },
      },
    },
    async (request) => {
      const row = found(await findCanary(deps.db, request.params.canaryId));
      assertVisible(principalOf(request), row.teamId);
      return { ...toView(row), state: row.state };
    },
  );

  app.post(
    '/v1/canaries',
    {
      config: { access: starters },
      schema: {
        headers: idempotencyHeaders,
        body: z
          .object({
            detectorVersionId: idOf('detectorVersion'),
            launchId: idOf('launch').nullable().default(null),
            deadlineMinutes: z.number().min(0.1).max(120).default(15),
          })
          .strict(),
        response: commandResponses,
      },
    },
    async (request, reply) => {
      const { detectorVersionId, launchId, deadlineMinutes } = request.body;
      const detector = found(await findDetectorVersion(deps.db, detectorVersionId));
      assertMayFor(principalOf(request), starters, detector.teamId);
      if (detector.definition.canary === null) throw new VigilError('canary.no_sample');
      await assertLaunchOf(deps, launchId, detector.productId);
      const id = newId('canary');
      const run = { launchId, productId: detector.productId, detectorVersionId };
      return runCommand(deps, request, reply, {
        mode: 'start',
        name: 'open',
        kind: 'canary',
        aggregateId: id,
        teamId: detector.teamId,
        input: { canaryId: id, ...run, deadlineMs: Math.round(deadlineMinutes * minuteMs), requirementId: 'RS-04' },
        also: (tx) => insertCanaryRun(tx, { id, ...run, teamId: detector.teamId }),
      });
    },
  );
}

/** A run is evidence for a launch only when it went through what that launch launches. */
async function assertLaunchOf(deps: ApiDeps, launchId: string | null, productId: string): Promise<void> {
  if (launchId === null) return;
  const launch = await findLaunch(deps.db, launchId);
  if (launch?.productId !== productId) {
    throw unknownReference('/body/launchId', "must be a launch of the detector's product");
  }
}

function toView({
  state: _state,
  accountRef: _accountRef,
  ...row
}: NonNullable<Awaited<ReturnType<typeof findCanary>>>) {
  return withIsoDates(row);
}
