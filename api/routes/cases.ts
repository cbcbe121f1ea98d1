import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { findCase, findCaseParts, listCases } from '#db/repositories/reading.ts';
import { assertVisible, visibleTeams } from '../auth.ts';
import { commandRoutes } from '../command-routes.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, outInstant, pageOf, pageQuery, severity, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const steerers: readonly Role[] = [
  'reviewer',
  'sensitive_reviewer',
  'ops_lead',
  'investigator',
  'protection_scientist',
  'responder',
];
const params = z.object({ caseId: idOf('case') });
const filter = pageQuery.extend({
  open: z.stringbool().default(false),
  launchId: idOf('launch').optional(),
  productId: idOf('product').optional(),
  accountRef: z.string().min(1).max(200).optional(),
});

const caseSchema = z
  .object({
    id: z.string(),
    productId: z.string(),
    teamId: z.string(),
    accountRef: z.string(),
    harm: z.string(),
    severity,
    synthetic: z.boolean(),
    launchId: z.string().nullable(),
    policyVersionId: z.string(),
    version: z.number().int(),
    status: z.string(),
    signalCount: z.number().int(),
    openedAt: outInstant,
    updatedAt: outInstant,
    decidedAt: outInstant.nullable(),
    closedAt: outInstant.nullable(),
  })
  .meta({ id: 'Case' });

const partsSchema = {
  state: z.unknown().describe('The case as its workflow recorded it.'),
  signals: z.array(
    z.object({
      id: z.string(),
      detectorVersionId: z.string(),
      severity: z.number().int(),
      score: z.number(),
      occurredAt: outInstant,
    }),
  ),
  tasks: z.array(
    z.object({
      id: z.string(),
      queueId: z.string(),
      round: z.number().int(),
      status: z.string(),
      dueAt: outInstant,
      leaseOwner: z.string().nullable(),
    }),
  ),
  decisions: z.array(
    z.object({
      id: z.string(),
      taskId: z.string(),
      verdict: z.string(),
      decidedBy: z.string(),
      decidedAsRole: z.string(),
      policyVersionId: z.string(),
      decidedAt: outInstant,
    }),
  ),
};

/** Cases: what was found about one account and harm, and how people decided it. Content is shown by review tasks alone. */
export function registerCases(app: Routes, deps: ApiDeps): void {
  const find = async (request: FastifyRequest, id: string) => {
    const row = found(await findCase(deps.db, id));
    assertVisible(principalOf(request), row.teamId);
    return row;
  };

  app.get(
    '/v1/cases',
    {
      config: { access: 'any' },
      schema: {
        querystring: filter,
        response: { 200: pageOf(caseSchema), ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => {
      const { limit, cursor, open, ...rest } = request.query;
      const rows = await listCases(
        deps.db,
        visibleTeams(principalOf(request)),
        { openOnly: open, ...rest },
        { limit, after: readCursor(cursor) },
      );
      return toPage(rows, limit, (row) => row.openedAt, toView);
    },
  );

  app.get(
    '/v1/cases/:caseId',
    {
      config: { access: 'any' },
      schema: { params, response: { 200: caseSchema.extend(partsSchema), ...problems(401, 403, 404, 422, 429, 503) } },
    },
    async (request) => {
      const row = await find(request, request.params.caseId);
      const parts = await findCaseParts(deps.db, row.id);
      return {
        ...toView(row),
        state: row.state,
        signals: parts.signals.map(withIsoDates),
        tasks: parts.tasks.map(withIsoDates),
        decisions: parts.decisions.map(withIsoDates),
      };
    },
  );

  const command = commandRoutes(app, deps, {
    kind: 'case',
    path: '/v1/cases/:caseId',
    params,
    roles: steerers,
    priority: 2,
    find,
  });
  command({ resource: 'escalations', name: 'escalate', body: z.object({}).strict() });
  command({
    resource: 'merges',
    name: 'merge',
    body: z.object({ into: idOf('case').describe('The open case of the same product that goes on.') }).strict(),
    toInput: async ({ into }, row, request) => {
      const target = await find(request, into);
      if (target.productId !== row.productId) throw new VigilError('resource.not_found');
      if (target.closedAt !== null) throw new VigilError('case.closed', { caseId: into });
      if (target.decidedAt !== null) throw new VigilError('case.already_decided', { caseId: into });
      return { into, intoSynthetic: target.synthetic };
    },
  });
}

function toView({ state: _state, ...row }: NonNullable<Awaited<ReturnType<typeof findCase>>>) {
  return { ...withIsoDates(row), severity: row.severity as 1 | 2 | 3 | 4 };
}
