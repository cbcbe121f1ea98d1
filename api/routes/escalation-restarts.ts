import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { startAgain } from '#db/repositories/commands.ts';
import { restart } from '#gateway/restart.ts';
import { assertMayFor } from '../auth.ts';
import { idempotencyHeaders } from '../commands.ts';
import { auditChange, personOf } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { once } from '../idempotent.ts';
import { principalOf } from '../plugins/authentication.ts';
import { createProblems, idOf } from '../schemas/common.ts';
import { visibleEscalation } from './escalations.ts';
import type { Routes } from './types.ts';

const keepers: readonly Role[] = ['oncall_manager', 'ops_lead'];

const restartSchema = z
  .object({
    escalationId: z.string(),
    endedAs: z
      .string()
      .describe(
        'How its workflow had ended, such as terminated; lost when Temporal knew nothing of it, set_aside when the record was asked for.',
      ),
  })
  .meta({ id: 'EscalationRestart' });

/** Lets an open escalation whose workflow was stopped in Temporal go on; who did so is in its audit trail. */
export function registerEscalationRestarts(app: Routes, deps: ApiDeps): void {
  app.post(
    '/v1/escalations/:escalationId/restarts',
    {
      config: { access: keepers },
      schema: {
        params: z.object({ escalationId: idOf('escalation') }),
        headers: idempotencyHeaders,
        body: z
          .object({
            from: z
              .enum(['history', 'record'])
              .default('history')
              .describe(
                'history: from its last step, as Temporal knows it, or from the record where Temporal has lost it. record: from the state that was recorded last, as after Postgres was restored from a backup.',
              ),
          })
          .strict(),
        response: { 201: restartSchema, ...createProblems },
      },
    },
    async (request, reply) => {
      const row = await visibleEscalation(deps, request, request.params.escalationId);
      return once(deps, request, reply, async (tx) => {
        assertMayFor(principalOf(request), keepers, row.teamId);
        const by = personOf(request, row.teamId);
        if (row.closedAt !== null) throw new VigilError('aggregate.ended', { endedAt: row.closedAt.toISOString() });
        const { endedAs } = await restart(
          deps.temporal,
          { kind: 'escalation', id: row.id, state: row.state, by, from: request.body.from },
          request.id,
        ).catch(async (error: unknown) => {
          // Lost before anything of it was recorded: it begins anew, from what intake accepted.
          const isUnknown = error instanceof VigilError && error.code === 'aggregate.not_found' && row.state === null;
          if (isUnknown && (await startAgain(tx, 'escalation', row.id))) return { endedAs: 'lost' };
          throw error;
        });
        await auditChange(tx, request, { kind: 'escalation', id: row.id }, 'restarted', { endedAs });
        return { status: 201, body: { escalationId: row.id, endedAs } };
      });
    },
  );
}
