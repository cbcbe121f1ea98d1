import { z } from 'zod';
import { toLadderEvents } from '#domain/escalation/audit-trail.ts';
import type { LadderAuditEvent, TimelineEntry } from '#domain/escalation/timeline.ts';
import { timeline, timelineText } from '#domain/escalation/timeline.ts';
import { hourMs, toIso } from '#domain/time.ts';
import { changesBetween } from '#db/repositories/change-events.ts';
import type { ChangeEventRow } from '#db/repositories/change-events.ts';
import { listDeliveries } from '#db/repositories/escalations.ts';
import {
  listLadderEvents,
  longestTimeline,
  namesInTimeline,
  relatedEscalations,
} from '#db/repositories/escalation-timeline.ts';
import type { RelatedEscalation } from '#db/repositories/escalation-timeline.ts';
import type { EscalationRow } from '#db/repositories/escalations.ts';
import type { ApiDeps } from '../deps.ts';
import { changeEventSchema, toChangeEvent } from '../schemas/change-event.ts';
import { idOf, outInstant, readProblems, severity, withIsoDates } from '../schemas/common.ts';
import { visibleEscalation } from './escalations.ts';
import type { Routes } from './types.ts';

const deliverySchema = z.object({
  id: z.string(),
  status: z.string(),
  attempts: z.number().int(),
  possibleDuplicate: z.boolean(),
  errorCode: z.string().nullable(),
  bundledInto: z.string().nullable(),
  startedAt: outInstant,
  settledAt: outInstant.nullable(),
});
const entrySchema = z
  .object({
    at: outInstant,
    version: z.number().int().nullable().describe('The version that it led to; null for a refusal.'),
    kind: z.string(),
    actor: z.object({ kind: z.enum(['person', 'service', 'system']), id: z.string() }),
    fact: z.record(z.string(), z.unknown()).nullable().describe('What happened, in full; null for a refusal.'),
    outcome: z
      .object({ result: z.string(), settledAt: outInstant.nullable(), deliveryId: z.string().nullable() })
      .nullable()
      .describe('Of a page: its last known result.'),
    delivery: deliverySchema.nullable().describe('Of a page that was sent: its row in the ledger.'),
    saw: z
      .object({ version: z.number().int().nullable(), page: z.string().nullable(), last: z.string().nullable() })
      .nullable()
      .describe('Of an acknowledgement: the version and page that the person saw, and what had happened by then.'),
    noteId: z.string().nullable(),
    text: z.string(),
  })
  .meta({ id: 'TimelineEntry' });
const relatedSchema = z.object({
  id: z.string(),
  relation: z.enum(['previous', 'next', 'same_key', 'same_service']),
  title: z.string(),
  severity,
  status: z.string(),
  openedAt: outInstant,
  resolvedAt: outInstant.nullable(),
});
/** What breaks a service is mostly a change of the last hours. */
const changesBeforeHours = 6;
const mostChanges = 20;
const timelineSchema = z
  .object({
    escalationId: z.string(),
    entries: z.array(entrySchema),
    isCut: z.boolean().describe('True when there is more than a timeline holds.'),
    related: z.array(relatedSchema),
    changes: z
      .array(changeEventSchema)
      .describe(
        `Changes of its service from ${changesBeforeHours} hours before it opened until its end, the last ${mostChanges}.`,
      ),
  })
  .meta({ id: 'Timeline' });

/** The story of one escalation: who was paged by which rule, what became of it, who decided what and what they saw. */
export function registerEscalationTimeline(app: Routes, deps: ApiDeps): void {
  app.get(
    '/v1/escalations/:escalationId/timeline',
    {
      config: { access: 'any' },
      schema: {
        params: z.object({ escalationId: idOf('escalation') }),
        querystring: z.object({ format: z.enum(['data', 'text']).default('data') }).strict(),
        response: {
          200: z.union([timelineSchema, z.string().describe('With `format=text`: a line an entry, in UTC.')]),
          ...readProblems,
        },
      },
    },
    async (request, reply) => {
      const row = await visibleEscalation(deps, request, request.params.escalationId);
      const [audited, deliveries, related, changes] = await Promise.all([
        listLadderEvents(deps.db, row.id),
        listDeliveries(deps.db, row.id),
        relatedEscalations(deps.db, row),
        changesAround(deps.db, row),
      ]);
      const events = toLadderEvents(audited);
      const names = await namesInTimeline(deps.db, idsIn(events));
      const entries = timeline(events, (id) => names.get(id) ?? id);
      if (request.query.format === 'text')
        return reply
          .type('text/plain; charset=utf-8')
          .send(timelineText(entries) + changesText(changes) + relatedText(related));
      const byKey = new Map(deliveries.map((delivery) => [delivery.effectKey, delivery]));
      return {
        escalationId: row.id,
        entries: entries.map((entry) => ({
          ...toView(entry),
          delivery: deliveryView(entry.fact?.what === 'paged' ? byKey.get(entry.fact.key) : undefined),
        })),
        isCut: audited.length === longestTimeline,
        related: related.map((one) => ({ ...withIsoDates(one), severity: one.severity as 1 | 2 | 3 | 4 })),
        changes: changes.map(toChangeEvent),
      };
    },
  );
}

const toView = ({ at, actor, fact, outcome, ...rest }: TimelineEntry) => ({
  ...rest,
  at: toIso(at),
  actor: { kind: actor.kind, id: actor.id },
  fact: fact === null ? null : { ...fact },
  outcome:
    outcome === null ? null : { ...outcome, settledAt: outcome.settledAt === null ? null : toIso(outcome.settledAt) },
});

function deliveryView(row: Awaited<ReturnType<typeof listDeliveries>>[number] | undefined) {
  if (row === undefined) return null;
  const { id, status, attempts, possibleDuplicate, errorCode, bundledInto, startedAt, settledAt } = row;
  return withIsoDates({ id, status, attempts, possibleDuplicate, errorCode, bundledInto, startedAt, settledAt });
}

/** Every id that a line may name. */
const idsIn = (events: readonly LadderAuditEvent[]): string[] => [
  ...new Set(JSON.stringify(events).match(/\b(per|sch|epv)_[0-9a-f]{32}\b/g)),
];

/** In the order in which they happened. */
async function changesAround(db: ApiDeps['db'], row: EscalationRow): Promise<ChangeEventRow[]> {
  const from = new Date(row.openedAt.getTime() - changesBeforeHours * hourMs);
  const to = row.resolvedAt ?? row.closedAt ?? new Date();
  return (await changesBetween(db, row.serviceId, { from, to, most: mostChanges })).toReversed();
}

const onOneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

const changesText = (changes: readonly ChangeEventRow[]): string =>
  changes
    .map(({ happenedAt, summary }) => `${happenedAt.toISOString()}  ${onOneLine(summary)}\n`)
    .join('')
    .replace(/^(?=.)/, '\nChanges of the service:\n');

const relatedText = (related: readonly RelatedEscalation[]): string =>
  related
    .map(
      ({ id, relation, openedAt, status, title }) =>
        `${openedAt.toISOString()}  ${relation.replaceAll('_', ' ').padEnd(12)} ${id} ${status}: ${onOneLine(title)}\n`,
    )
    .join('')
    .replace(/^(?=.)/, '\nRelated:\n');
