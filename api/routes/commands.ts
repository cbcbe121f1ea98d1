import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { findCommand } from '#db/repositories/commands.ts';
import { mayReadAll } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { idOf, outInstant } from '../schemas/common.ts';
import type { Routes } from './types.ts';

/** What became of a command that was answered with 202: its asker and auditors may know. */
export function registerCommands(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/commands/:commandId',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ commandId: idOf('command') }),
        response: {
          200: z
            .object({
              id: z.string(),
              name: z.string(),
              aggregate: z.object({ kind: z.string(), id: z.string() }),
              status: z.enum(['pending', 'done', 'refused', 'failed']),
              outcome: z.unknown().describe('The answer, or the code and detail of the refusal; null while pending.'),
              createdAt: outInstant,
              settledAt: outInstant.nullable(),
            })
            .meta({ id: 'Command' }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const row = await findCommand(deps.db, request.params.commandId);
      const principal = principalOf(request);
      if (!row || (row.principalId !== principal.id && !mayReadAll(principal)))
        throw new VigilError('resource.not_found');
      return {
        id: row.id,
        name: row.name,
        aggregate: { kind: row.aggregateKind, id: row.aggregateId },
        status: row.status as 'pending' | 'done' | 'refused' | 'failed',
        outcome: row.outcome,
        createdAt: row.createdAt.toISOString(),
        settledAt: row.settledAt?.toISOString() ?? null,
      };
    },
  );
}
