import { z } from 'zod';
import { listDecisions } from '#db/repositories/fact-lists.ts';
import { visibleTeams } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { idOf, listProblems, outInstant, pageOf, pageQuery, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const decisionSchema = z
  .object({
    id: z.string(),
    taskId: z.string(),
    caseId: z.string(),
    verdict: z.string(),
    decidedBy: z.string(),
    decidedAsRole: z.string(),
    policyVersionId: z.string(),
    leaseToken: z.number().int(),
    enforcement: z.unknown(),
    noteId: z.string().nullable(),
    decidedAt: outInstant,
  })
  .meta({ id: 'Decision' });

/** What people decided on review tasks: by whom, in which role, under which policy version and lease. */
export function registerDecisions(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/decisions',
    {
      config: { access: ['auditor', 'ops_lead'] },
      schema: {
        querystring: pageQuery.extend({ caseId: idOf('case').optional() }),
        response: { 200: pageOf(decisionSchema), ...listProblems },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query;
      const page = { limit, after: readCursor(cursor) };
      const rows = await listDecisions(deps.db, visibleTeams(principalOf(request)), filter, page);
      return toPage(rows, limit, (row) => row.decidedAt, withIsoDates);
    },
  );
}
