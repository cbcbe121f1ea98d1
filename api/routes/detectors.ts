import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { detectorKinds } from '#domain/detection/detector.ts';
import { harmNames } from '#domain/harms.ts';
import { findDetector, insertDetector, listDetectors } from '#db/repositories/detector-documents.ts';
import type { DetectorRow } from '#db/repositories/detector-documents.ts';
import { findProduct } from '#db/repositories/products.ts';
import { assertMayFor, assertVisible, visibleTeams } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, created, found, personOf } from '../configuration.ts';
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
  severity,
  title,
  withIsoDates,
} from '../schemas/common.ts';
import type { Routes } from './types.ts';

export const scientists: readonly Role[] = ['protection_scientist'];
const params = z.object({ detectorId: idOf('detector') });
const detectorSchema = z
  .object({
    id: z.string(),
    productId: z.string(),
    teamId: z.string(),
    key: z.string(),
    kind: z.enum(detectorKinds),
    harm: z.string(),
    severity,
    title: z.string(),
    ownerId: z.string(),
    createdAt: outInstant,
  })
  .meta({ id: 'Detector' });
const newDetector = z
  .object({
    productId: idOf('product'),
    key,
    kind: z.enum(detectorKinds),
    harm: z.enum(harmNames as [string, ...string[]]),
    severity,
    title,
  })
  .strict();

/** Detectors: which harm of which product is looked for. What exactly runs is a version. */
export function registerDetectors(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/detectors',
    {
      config: { access: 'any' },
      schema: { querystring: pageQuery, response: { 200: pageOf(detectorSchema), ...listProblems } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listDetectors(deps.db, visibleTeams(principalOf(request)), {
        limit,
        after: readCursor(cursor),
      });
      return toPage(rows, limit, (row) => row.createdAt, toView);
    },
  );

  app.get(
    '/v1/detectors/:detectorId',
    { config: { access: 'any' }, schema: { params, response: { 200: detectorSchema, ...readProblems } } },
    async (request) => toView(await visibleDetector(deps, request)),
  );

  app.post(
    '/v1/detectors',
    {
      config: { access: scientists },
      schema: { headers: idempotencyHeaders, body: newDetector, response: { 201: detectorSchema, ...createProblems } },
    },
    async (request, reply) =>
      once(deps, request, reply, async (tx) => {
        const product = found(await findProduct(tx, request.body.productId));
        assertMayFor(principalOf(request), scientists, product.teamId);
        const row = created(
          await insertDetector(tx, { ...request.body, teamId: product.teamId, ownerId: personOf(request).id }),
        );
        const data = {
          key: row.key,
          productId: row.productId,
          detectorKind: row.kind,
          harm: row.harm,
          severity: row.severity,
        };
        await auditChange(tx, request, { kind: 'detector', id: row.id }, 'created', data);
        return { status: 201, body: toView(row) };
      }),
  );
}

export async function visibleDetector(deps: ApiDeps, request: FastifyRequest): Promise<DetectorRow> {
  const row = found(await findDetector(deps.db, (request.params as z.output<typeof params>).detectorId));
  assertVisible(principalOf(request), row.teamId);
  return row;
}

const toView = (row: DetectorRow) => ({
  ...withIsoDates(row),
  kind: row.kind as (typeof detectorKinds)[number],
  severity: row.severity as 1 | 2 | 3 | 4,
});
