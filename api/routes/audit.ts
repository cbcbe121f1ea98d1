import { z } from 'zod';
import type { Role } from '#domain/actor.ts';
import { findChainFault } from '#domain/audit/event.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import { hashAuditEvent } from '#db/audit-chain.ts';
import { chainHead, listAuditEvents, teamOfAggregate } from '#db/repositories/audit-events.ts';
import { listRelated } from '#db/repositories/related.ts';
import { assertVisible, mayReadAll } from '../auth.ts';
import { found } from '../configuration.ts';
import type { ApiDeps } from '../deps.ts';
import { principalOf } from '../plugins/authentication.ts';
import { problems } from '../problem.ts';
import { outInstant, readProblems } from '../schemas/common.ts';
import type { Routes } from './types.ts';
import type { FastifyRequest } from 'fastify';

const readers: readonly Role[] = [
  'auditor',
  'ops_lead',
  'protection_scientist',
  'launch_owner',
  'policy',
  'legal',
  'oncall_manager',
  'executive',
];
const params = z.object({
  kind: z.string().regex(/^[a-z][A-Za-z_]{1,39}$/),
  id: z.string().regex(/^[a-z]{3}_[0-9a-f]{32}$/),
});

const auditEventSchema = z
  .object({
    id: z.string(),
    aggregateKind: z.string(),
    aggregateId: z.string(),
    seq: z.number().int(),
    version: z.number().int().nullable(),
    at: outInstant,
    actorKind: z.enum(['person', 'service', 'system']),
    actorId: z.string(),
    actorRoles: z.array(z.string()),
    action: z.string(),
    reason: z.string().nullable(),
    cause: z.string().nullable(),
    requestId: z.string().nullable(),
    workflowId: z.string().nullable(),
    runId: z.string().nullable(),
    data: z.unknown(),
    prevHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' });

const headSchema = z.object({ seq: z.number().int(), hash: z.string() });

/** Who did what, on which version and why; and whether the record of it is whole. */
export function registerAudit(app: Routes, deps: ApiDeps): void {
  /** Aggregates of a team are seen by it; all else by those who may read everything. */
  const assertReadable = async (request: FastifyRequest, kind: string, id: string) => {
    const principal = principalOf(request);
    if (mayReadAll(principal)) return;
    assertVisible(principal, found(await teamOfAggregate(deps.db, { kind, id })));
  };

  app.get(
    '/v1/audit/:kind/:id/events',
    {
      config: { access: readers },
      schema: {
        params,
        querystring: z
          .object({
            afterSeq: z.coerce.number().int().min(0).default(0),
            limit: z.coerce.number().int().min(1).max(200).default(100),
          })
          .strict(),
        response: {
          200: z.object({
            items: z.array(auditEventSchema),
            nextAfterSeq: z.number().int().nullable(),
            head: headSchema.nullable(),
          }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      const { afterSeq, limit } = request.query;
      await assertReadable(request, kind, id);
      const head = found(await chainHead(deps.db, { kind, id }));
      const items = await listAuditEvents(deps.db, { kind, id }, { afterSeq, limit });
      const last = items.at(-1);
      return {
        items: items.map((event) => ({ ...event, actorRoles: [...event.actorRoles] })),
        nextAfterSeq: last && last.seq < head.seq ? last.seq : null,
        head: { seq: head.seq, hash: head.hash },
      };
    },
  );

  app.get(
    '/v1/audit/:kind/:id/verification',
    {
      config: { access: readers },
      schema: {
        params,
        response: {
          200: z.object({
            isWhole: z.boolean(),
            events: z.number().int(),
            fault: z.object({ seq: z.number().int(), fault: z.enum(['hash', 'link', 'hole', 'order']) }).nullable(),
            head: headSchema,
          }),
          ...problems(401, 403, 404, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      await assertReadable(request, kind, id);
      // One snapshot: what is written while the chain is read is no fault of it.
      return deps.db.transaction(
        async (tx) => {
          const { seq, hash } = found(await chainHead(tx, { kind, id }));
          const events: AuditEvent[] = [];
          for (;;) {
            const page = await listAuditEvents(tx, { kind, id }, { afterSeq: events.at(-1)?.seq ?? 0, limit: 1_000 });
            events.push(...page);
            if (page.length < 1_000) break;
          }
          const fault = findChainFault(events, hashAuditEvent, { seq, hash });
          return { isWhole: fault === null, events: events.length, fault, head: { seq, hash } };
        },
        { isolationLevel: 'repeatable read', accessMode: 'read only' },
      );
    },
  );

  app.get(
    '/v1/audit/:kind/:id/related',
    {
      config: { access: readers },
      schema: {
        params,
        querystring: z
          .object({
            afterId: z.string().max(100).optional(),
            limit: z.coerce.number().int().min(1).max(200).default(100),
          })
          .strict(),
        response: {
          200: z
            .object({
              items: z.array(z.object({ kind: z.string(), id: z.string() })),
              nextAfterId: z.string().nullable(),
            })
            .describe('What this aggregate caused, one step far: its cases, canaries, orders and escalations.'),
          ...readProblems,
        },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      const { afterId, limit } = request.query;
      await assertReadable(request, kind, id);
      found(await chainHead(deps.db, { kind, id }));
      const rows = await listRelated(
        deps.db,
        { kind, id },
        { limit: limit + 1, ...(afterId === undefined ? {} : { afterId }) },
      );
      const items = rows.slice(0, limit);
      return { items, nextAfterId: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  );
}
