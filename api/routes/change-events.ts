import { z } from 'zod';
import { listChangeEvents } from '#db/repositories/change-events.ts';
import type { ApiDeps } from '../deps.ts';
import { readCursor, toPage } from '../paging.ts';
import { changeEventSchema, toChangeEvent } from '../schemas/change-event.ts';
import { idOf, pageOf, pageQuery, readProblems } from '../schemas/common.ts';
import { visibleService } from './services.ts';
import type { Routes } from './types.ts';

/** Changes of a service, such as deployments, as their senders told of them. Nobody is paged for one. */
export function registerChangeEvents(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/services/:serviceId/change-events',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ serviceId: idOf('service') }),
        querystring: pageQuery,
        response: { 200: pageOf(changeEventSchema), ...readProblems },
      },
    },
    async (request) => {
      const service = await visibleService(deps, request);
      const { limit, cursor } = request.query;
      const rows = await listChangeEvents(deps.db, service.id, { limit, after: readCursor(cursor) });
      return toPage(rows, limit, (row) => row.happenedAt, toChangeEvent);
    },
  );
}
