import { z } from 'zod';
import { listAlertEvents } from '#db/repositories/fact-lists.ts';
import { visibleTeams } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { principalOf } from '../plugins/authentication.ts';
import { idOf, listProblems, outInstant, pageOf, pageQuery, withIsoDates } from '../schemas/common.ts';
import type { Routes } from './types.ts';

const alertEventSchema = z
  .object({
    id: z.string(),
    seq: z.number().int(),
    serviceId: z.string(),
    reportedBy: z.string(),
    dedupKey: z.string(),
    action: z.string(),
    severity: z.number().int().nullable(),
    title: z.string().nullable(),
    details: z.unknown(),
    escalationId: z.string().nullable(),
    disposition: z.string().describe('What became of it.'),
    receivedAt: outInstant,
  })
  .meta({ id: 'AlertEvent' });

/** What sources reported, and what became of each report. */
export function registerAlertEvents(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/alert-events',
    {
      config: { access: 'any' },
      schema: {
        querystring: pageQuery.extend({
          serviceId: idOf('service').optional(),
          escalationId: idOf('escalation').optional(),
        }),
        response: { 200: pageOf(alertEventSchema), ...listProblems },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query;
      const page = { limit, after: readCursor(cursor) };
      const rows = await listAlertEvents(deps.db, visibleTeams(principalOf(request)), filter, page);
      return toPage(
        rows,
        limit,
        (row) => row.receivedAt,
        ({ causeKey: _causeKey, ...row }) => withIsoDates(row),
      );
    },
  );
}
