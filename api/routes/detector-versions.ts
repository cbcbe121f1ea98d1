import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { maturities, modeOf } from '#domain/detection/detector.ts';
import {
  findSweepState,
  findVersion,
  insertDetectorVersion,
  listDetectorVersions,
  retireVersion,
  setMaturity,
} from '#db/repositories/detector-documents.ts';
import type { DetectorVersionRow } from '#db/repositories/detector-documents.ts';
import { insertNote } from '#db/repositories/notes.ts';
import { precisionOf } from '#db/repositories/precision.ts';
import { assertMayFor, assertVisible } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, found, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf, note, outInstant, readProblems, withIsoDates } from '../schemas/common.ts';
import { checkedDefinition, detectorDefinition } from '../schemas/detector.ts';
import type { DefinitionBody } from '../schemas/detector.ts';
import { scientists, visibleDetector } from './detectors.ts';
import { unknownReference } from './services.ts';
import type { Routes } from './types.ts';

const params = z.object({ detectorVersionId: idOf('detectorVersion') });
const versionSchema = z
  .object({
    id: z.string(),
    detectorId: z.string(),
    number: z.number().int(),
    definition: detectorDefinition,
    sha256: z.string(),
    maturity: z.enum(maturities),
    mode: z.enum(['off', 'shadow', 'assisted', 'live']).describe('Follows from the maturity alone.'),
    threshold: z.number(),
    createdBy: z.string(),
    createdAt: outInstant,
    retiredAt: outInstant.nullable(),
  })
  .meta({ id: 'DetectorVersion' });
const sweepSchema = z
  .object({
    lastRunAt: outInstant.nullable(),
    lastStatus: z.string().nullable(),
    lastErrorCode: z.string().nullable(),
    runs: z.number().int(),
    failures: z.number().int().describe('Failed sweeps in a row.'),
  })
  .nullable();
const precisionSchema = z
  .object({
    detectorVersionId: z.string(),
    decided: z.number().int().describe('Signals whose case people have decided. Drills do not count.'),
    violations: z.number().int(),
    observed: z.number().nullable().describe('Null while nothing is decided: unmeasured, neither 0 nor 1.'),
    interval: z.object({ low: z.number(), high: z.number() }).nullable().describe('Wilson, 95 %.'),
  })
  .meta({ id: 'Precision' });
const newVersion = z
  .object({
    definition: detectorDefinition,
    threshold: z.number().min(0).max(1).describe('From which score on a finding counts.'),
    maturity: z
      .enum(['M0', 'M1', 'M2'])
      .default('M2')
      .describe('A new version is off or in shadow; a person raises it.'),
  })
  .strict();

/** Detector versions: what exactly runs, how well it does, and what its findings may do. */
export function registerDetectorVersions(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/detectors/:detectorId/versions',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ detectorId: idOf('detector') }),
        response: { 200: z.object({ items: z.array(versionSchema) }), ...readProblems },
      },
    },
    async (request) => {
      const { id } = await visibleDetector(deps, request);
      return { items: (await listDetectorVersions(deps.db, id)).map(toView) };
    },
  );

  app.post(
    '/v1/detectors/:detectorId/versions',
    {
      config: { access: scientists },
      schema: {
        params: z.object({ detectorId: idOf('detector') }),
        headers: idempotencyHeaders,
        body: newVersion,
        response: { 201: versionSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const detector = await visibleDetector(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), scientists, detector.teamId);
        const { threshold, maturity } = request.body;
        if (request.body.definition.kind !== detector.kind) {
          throw unknownReference('/body/definition/kind', 'must be the kind of the detector');
        }
        const definition = checkedDefinition(request.body.definition);
        const row = await insertDetectorVersion(tx, {
          detectorId: detector.id,
          definition,
          maturity,
          threshold,
          createdBy: personOf(request).id,
        });
        const data = { detectorVersionId: row.id, number: row.number, sha256: row.sha256, maturity, threshold };
        await auditChange(tx, request, { kind: 'detector', id: detector.id }, 'versionAdded', data);
        return { status: 201, body: toView(row) };
      });
    },
  );

  app.get(
    '/v1/detector-versions/:detectorVersionId',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: versionSchema.extend({ sweeps: sweepSchema }), ...readProblems } },
    },
    async (request) => {
      const { version } = await visibleVersion(deps, request);
      const sweeps = await findSweepState(deps.db, version.id);
      return { ...toView(version), sweeps: sweeps === null ? null : withIsoDates(sweeps) };
    },
  );

  app.get(
    '/v1/detector-versions/:detectorVersionId/precision',
    { config: { access: 'any' }, schema: { params, response: { 200: precisionSchema, ...readProblems } } },
    async (request) => precisionOf(deps.db, (await visibleVersion(deps, request)).version.id),
  );

  app.post(
    '/v1/detector-versions/:detectorVersionId/maturity-changes',
    {
      config: { access: scientists },
      schema: {
        params,
        headers: idempotencyHeaders,
        body: z.object({ to: z.enum(['M0', 'M1', 'M2', 'M3', 'M4']), note }).strict(),
        response: { 201: versionSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const { version, detector } = await visibleVersion(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), scientists, detector.teamId);
        const person = personOf(request);
        const { to } = request.body;
        const row = found(await setMaturity(tx, version.id, to));
        const noteId = await insertNote(tx, person.id, request.body.note);
        // What was known when the person decided is recorded with the decision.
        const { decided, violations } = await precisionOf(tx, version.id);
        const data = { detectorVersionId: version.id, from: version.maturity, to, noteId, decided, violations };
        await auditChange(tx, request, { kind: 'detector', id: detector.id }, 'maturityChanged', data);
        return { status: 201, body: toView(row) };
      });
    },
  );

  app.post(
    '/v1/detector-versions/:detectorVersionId/retirements',
    {
      config: { access: scientists },
      schema: { params, headers: idempotencyHeaders, response: { 201: versionSchema, ...createProblems } },
    },
    async (request, reply) => {
      const { version, detector } = await visibleVersion(deps, request);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), scientists, detector.teamId);
        personOf(request);
        if (await retireVersion(tx, version.id)) {
          await auditChange(tx, request, { kind: 'detector', id: detector.id }, 'versionRetired', {
            detectorVersionId: version.id,
          });
        }
        return { status: 201, body: toView(found(await findVersion(tx, version.id)).version) };
      });
    },
  );
}

async function visibleVersion(deps: ApiDeps, request: FastifyRequest) {
  const row = found(await findVersion(deps.db, (request.params as z.output<typeof params>).detectorVersionId));
  assertVisible(principalOf(request), row.detector.teamId);
  return row;
}

const toView = (row: DetectorVersionRow) => ({
  ...withIsoDates(row),
  definition: row.definition as unknown as DefinitionBody,
  mode: modeOf(row.maturity),
});
