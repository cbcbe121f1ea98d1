import { and, asc, desc, eq, gt, sql } from 'drizzle-orm';
import type { Actor } from '#domain/actor.ts';
import { genesisHash } from '#domain/audit/event.ts';
import type { AuditEvent } from '#domain/audit/event.ts';
import type { Json } from '#domain/json.ts';
import { toIso } from '#domain/time.ts';
import { hashAuditEvent } from '../audit-chain.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { auditEvents, auditHeads } from '../schema/index.ts';

export interface Aggregate {
  readonly kind: string;
  readonly id: string;
}

export interface NewAuditEvent {
  /** The state version it led to; leave out for what changes no state. */
  readonly version?: number;
  readonly actor: Actor;
  readonly action: string;
  readonly reason?: string;
  readonly cause?: string;
  readonly requestId?: string;
  readonly workflowId?: string;
  readonly runId?: string;
  readonly data: Json;
}

export interface ChainHead {
  readonly seq: number;
  readonly version: number;
  readonly hash: string;
}

/**
 * Takes the aggregate's place in the order of writers until the transaction ends, and tells where its chain stands.
 *
 * Always the first lock that a transaction takes on an aggregate; whoever also locks the aggregate's row does so after.
 */
export async function lockChain(tx: Transaction, aggregate: Aggregate): Promise<ChainHead> {
  const [head] = await tx
    .insert(auditHeads)
    .values({ aggregateKind: aggregate.kind, aggregateId: aggregate.id, seq: 0, version: 0, hash: genesisHash })
    .onConflictDoUpdate({
      target: [auditHeads.aggregateKind, auditHeads.aggregateId],
      set: { seq: sql`${auditHeads.seq}` },
    })
    .returning({ seq: auditHeads.seq, version: auditHeads.version, hash: auditHeads.hash });
  if (!head) throw new Error('an upsert returned no row');
  return head;
}

/** Appends events to a chain whose head the transaction has locked; returns the new head. */
export async function appendToChain(
  tx: Transaction,
  aggregate: Aggregate,
  head: ChainHead,
  events: readonly NewAuditEvent[],
): Promise<ChainHead> {
  if (events.length === 0) return head;
  const now = await databaseNow(tx);
  let { seq, version, hash } = head;
  const rows = events.map((event): AuditEvent => {
    seq += 1;
    version = event.version ?? version;
    const unhashed: AuditEvent = {
      id: newId('auditEvent'),
      aggregateKind: aggregate.kind,
      aggregateId: aggregate.id,
      seq,
      version: event.version ?? null,
      at: toIso(now),
      actorKind: event.actor.kind,
      actorId: event.actor.id,
      actorRoles: event.actor.kind === 'person' ? [...event.actor.roles] : [],
      action: event.action,
      reason: event.reason ?? null,
      cause: event.cause ?? null,
      requestId: event.requestId ?? null,
      workflowId: event.workflowId ?? null,
      runId: event.runId ?? null,
      data: event.data,
      prevHash: hash,
      hash: '',
    };
    hash = hashAuditEvent(unhashed);
    return { ...unhashed, hash };
  });
  await tx
    .insert(auditEvents)
    .values(rows.map((row) => ({ ...row, at: new Date(row.at), actorRoles: [...row.actorRoles] })));
  await tx
    .update(auditHeads)
    .set({ seq, version, hash })
    .where(and(eq(auditHeads.aggregateKind, aggregate.kind), eq(auditHeads.aggregateId, aggregate.id)));
  return { seq, version, hash };
}

/** Locks the chain and appends: for facts about an aggregate that are not transitions of its workflow. */
export async function audit(tx: Transaction, aggregate: Aggregate, ...events: readonly NewAuditEvent[]): Promise<void> {
  await appendToChain(tx, aggregate, await lockChain(tx, aggregate), events);
}

export interface AuditPage {
  readonly afterSeq?: number;
  readonly limit: number;
}

/** One aggregate's events in their order. */
export async function listAuditEvents(db: Queryable, aggregate: Aggregate, page: AuditPage): Promise<AuditEvent[]> {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.aggregateKind, aggregate.kind),
        eq(auditEvents.aggregateId, aggregate.id),
        gt(auditEvents.seq, page.afterSeq ?? 0),
      ),
    )
    .orderBy(asc(auditEvents.seq))
    .limit(page.limit);
  return rows.map(toAuditEvent);
}

export async function chainHead(db: Queryable, aggregate: Aggregate): Promise<ChainHead | null> {
  const [head] = await db
    .select({ seq: auditHeads.seq, version: auditHeads.version, hash: auditHeads.hash })
    .from(auditHeads)
    .where(and(eq(auditHeads.aggregateKind, aggregate.kind), eq(auditHeads.aggregateId, aggregate.id)))
    .orderBy(desc(auditHeads.seq))
    .limit(1);
  return head ?? null;
}

function toAuditEvent(row: typeof auditEvents.$inferSelect): AuditEvent {
  return {
    ...row,
    at: row.at.toISOString(),
    actorKind: row.actorKind as AuditEvent['actorKind'],
    data: row.data as Json,
  };
}

const tableOf: Readonly<Record<string, string>> = {
  launch: 'launches',
  case: 'cases',
  enforcement: 'enforcement_orders',
  escalation: 'escalations',
  canary: 'canary_runs',
  heartbeat: 'heartbeat_monitors',
  product: 'products',
  service: 'services',
  escalationPolicy: 'escalation_policies',
  schedule: 'schedules',
  swapRequest: 'swap_requests',
  reviewQueue: 'review_queues',
  detector: 'detectors',
};

/** The team that an aggregate belongs to; null for what belongs to none, and for what is not there. */
export async function teamOfAggregate(db: Queryable, aggregate: Aggregate): Promise<string | null> {
  const table = Object.hasOwn(tableOf, aggregate.kind) ? tableOf[aggregate.kind] : undefined;
  if (table === undefined) return null;
  const { rows } = await db.execute<{ team_id: string }>(
    sql`SELECT team_id FROM ${sql.identifier(table)} WHERE id = ${aggregate.id}`,
  );
  return rows[0]?.team_id ?? null;
}
