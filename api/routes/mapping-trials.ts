import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { routeOf } from '#domain/intake/integration.ts';
import type { IntegrationDocument } from '#domain/intake/integration.ts';
import type { SourceReport } from '#domain/intake/report.ts';
import { documentOf } from '#db/repositories/integrations.ts';
import { assertMayFor } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { resolveDocument } from '../intake/documents.ts';
import { bodyFormats, formatOf, newReading, readBody } from '../intake/readers.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf } from '../schemas/common.ts';
import { newIntegrationDocument } from '../schemas/integration.ts';
import type { FieldError } from '../problem.ts';
import { visibleIntegration } from './integrations.ts';
import type { Routes } from './types.ts';

const triers: readonly Role[] = ['oncall_manager', 'ops_lead', 'responder'];
const trial = z
  .object({
    format: z.enum(bodyFormats).optional().describe("Default: what the integration's kind sends."),
    body: z.unknown().describe('What the sender would send.'),
    document: newIntegrationDocument.optional().describe("To be tried instead of the integration's own."),
  })
  .strict();
const read = z.object({
  action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedupKey: z.string().describe('As the sender names it; `unique` stands for a key that is new each time.'),
  serviceId: z.string().describe('Where the routes lead.'),
  severity: z.number().int().nullable(),
  title: z.string().nullable(),
  labels: z.record(z.string(), z.string()).describe('What routes and suppression rules look at.'),
  firing: z.number().int().nullable().describe('Single alerts of the group that fire; null when the key is one alert.'),
  resolved: z.number().int().nullable(),
  leftOut: z.number().int().nullable().describe('While any is, the group is never taken for over.'),
});
const outcome = z.object({
  reports: z.array(read),
  refusal: z
    .object({
      title: z.string(),
      errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
    })
    .nullable()
    .describe('What the sender would be told instead; null when the body can be read.'),
});

/** What a body would become, before a sender goes live: nothing is stored, nobody is paged, no suppression rule is asked. */
export function registerMappingTrials(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/integrations/:integrationId/mapping-trials',
    {
      config: { access: triers, idempotencyKey: 'none' },
      schema: {
        params: z.object({ integrationId: idOf('integration') }),
        body: trial,
        response: { 200: outcome, ...createProblems },
      },
    },
    async (request) => {
      const row = await visibleIntegration(deps, request);
      assertMayFor(principalOf(request), triers, row.teamId);
      const { format = formatOf(row.kind), body, document: written } = request.body;
      const document =
        written === undefined
          ? documentOf(row)
          : await deps.db.transaction((tx) => resolveDocument(tx, row.teamId, written));
      return tryOut(
        () => readBody(format, body, document, { ...newReading(), uniqueKey: () => 'unique' }),
        document,
        row.serviceId,
      );
    },
  );
}

function tryOut(
  readAll: () => readonly SourceReport[],
  document: IntegrationDocument,
  ownServiceId: string,
): z.output<typeof outcome> {
  try {
    return { reports: readAll().map((report) => shown(report, document, ownServiceId)), refusal: null };
  } catch (error) {
    if (!(error instanceof VigilError) || error.code !== 'intake.unreadable') throw error;
    const errors = error.detail['errors'] as unknown as FieldError[];
    return { reports: [], refusal: { title: error.message, errors } };
  }
}

function shown(report: SourceReport, { routes }: IntegrationDocument, ownServiceId: string): z.output<typeof read> {
  const { action, dedupKey, labels } = report;
  const { serviceId, severity } = routeOf(routes, ownServiceId, labels);
  const isTrigger = action === 'trigger';
  const group = action === 'acknowledge' ? null : report.group;
  return {
    action,
    dedupKey,
    serviceId,
    severity: isTrigger ? (severity ?? report.severity) : null,
    title: isTrigger ? report.title : null,
    labels: { ...labels },
    firing: group?.firing.length ?? null,
    resolved: group?.resolved.length ?? null,
    leftOut: group?.leftOut ?? null,
  };
}
