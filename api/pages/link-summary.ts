import { z } from 'zod';
import type { PageLink } from '#db/repositories/page-links.ts';
import { toIso } from '#domain/time.ts';
import { outInstant, severity } from '../schemas/common.ts';
import type { Standing } from './link-standing.ts';

/** What a link's page says, for a program: with `Accept: application/json`. */
export const linkSummarySchema = z
  .object({
    standing: z.enum(['open', 'taken', 'pending', 'acknowledged', 'undone', 'resolved']),
    by: z
      .string()
      .nullable()
      .describe('The person who acknowledged or resolved it; null when it is not known, or nobody.'),
    at: outInstant.nullable(),
    undoUntil: outInstant.nullable(),
    escalation: z.object({
      id: z.string(),
      title: z.string().nullable().describe('Null when it is about sensitive harm.'),
      severity,
      status: z.string(),
      openedAt: outInstant,
    }),
    confirm: z
      .object({ acknowledge: z.string().nullable(), undo: z.string().nullable() })
      .describe('What the next POST sends as `confirm`; null where there is nothing to send.'),
  })
  .meta({ id: 'PageLink' });

export function linkSummary(
  { escalation, personId }: PageLink,
  standing: Exclude<Standing, { kind: 'expired' }>,
  confirm: { readonly acknowledge: string; readonly undo: string },
): z.infer<typeof linkSummarySchema> {
  const by = standing.kind === 'acknowledged' || standing.kind === 'undone' ? personId : null;
  const at = 'at' in standing ? standing.at : null;
  const undoUntil = standing.kind === 'acknowledged' ? standing.undoUntil : null;
  return {
    standing: standing.kind,
    by: 'by' in standing ? standing.by : by,
    at: at === null ? null : toIso(at),
    undoUntil: undoUntil === null ? null : toIso(undoUntil),
    escalation: {
      id: escalation.id,
      title: escalation.isSensitive ? null : escalation.title,
      severity: escalation.severity as 1 | 2 | 3 | 4,
      status: escalation.status,
      openedAt: escalation.openedAt.toISOString(),
    },
    confirm: {
      acknowledge: standing.kind === 'open' ? confirm.acknowledge : null,
      undo: undoUntil === null ? null : confirm.undo,
    },
  };
}
