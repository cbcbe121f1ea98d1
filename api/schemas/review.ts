import { z } from 'zod';
import { actionNames } from '#domain/enforcement/actions.ts';
import type { ActionName } from '#domain/enforcement/actions.ts';
import type { TaskRow } from '#db/repositories/review-queues.ts';
import { outInstant, severity, withIsoDates } from './common.ts';

export const taskSchema = z
  .object({
    id: z.string(),
    caseId: z.string(),
    queueId: z.string(),
    round: z.number().int(),
    severity,
    status: z.enum(['open', 'decided', 'withdrawn']),
    dueAt: outInstant,
    leaseOwner: z.string().nullable(),
    leaseToken: z.number().int().describe('The fencing token: a decision names the one of its claim.'),
    leaseExpiresAt: outInstant.nullable(),
    firstLookAt: outInstant.nullable(),
    createdAt: outInstant,
    settledAt: outInstant.nullable(),
  })
  .meta({ id: 'ReviewTask' });

export const orderedEnforcement = z
  .object({
    action: z.enum(actionNames as [ActionName, ...ActionName[]]),
    durationMs: z.number().int().positive().nullable().describe('Null: without an end.'),
  })
  .strict();

/** A task as it goes out: whom it excludes stays inside. */
export function toTaskView({ excluded: _excluded, leaseClaimedAt: _claimedAt, ...row }: TaskRow) {
  return {
    ...withIsoDates(row),
    severity: row.severity as 1 | 2 | 3 | 4,
    status: row.status as 'open' | 'decided' | 'withdrawn',
  };
}
