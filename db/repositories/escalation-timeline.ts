import { eq, inArray, sql } from 'drizzle-orm';
import type { Actor, Role } from '#domain/actor.ts';
import type { AuditedLadderEvent } from '#domain/escalation/audit-trail.ts';
import type { Happening } from '#domain/escalation/happening.ts';
import type { LadderAuditEvent } from '#domain/escalation/timeline.ts';
import type { Queryable } from '../client.ts';
import { escalationPolicies, escalationPolicyVersions, principals, schedules } from '../schema/index.ts';
import type { EscalationRow } from './escalations.ts';

/** Longer chains are cut here: a timeline that nobody can read to its end. */
export const longestTimeline = 5_000;

/**
 * The transitions and refusals in an escalation's audit chain, in their order. Of a transition only what it did is read,
 * not the state that it led to, which is large.
 */
export async function listLadderEvents(db: Queryable, escalationId: string): Promise<AuditedLadderEvent[]> {
  const { rows } = await db.execute<{
    version: number | null;
    recorded_at: string;
    actor_kind: Actor['kind'];
    actor_id: string;
    actor_roles: Role[];
    action: string;
    reason: string | null;
    at: number | null;
    event: LadderAuditEvent['event'] | null;
    happened: Happening[] | null;
  }>(sql`
    SELECT version, floor(extract(epoch FROM at) * 1000) AS recorded_at, actor_kind, actor_id, actor_roles, action, reason,
      data -> 'at' AS at, data -> 'event' AS event, data -> 'state' -> 'happened' AS happened
    FROM audit_events
    WHERE aggregate_kind = 'escalation' AND aggregate_id = ${escalationId}
      AND (version IS NOT NULL OR action LIKE '%.refused' OR action LIKE '%.failed')
    ORDER BY seq LIMIT ${longestTimeline}`);
  return rows.map((row) => ({
    version: row.version,
    recordedAt: Number(row.recorded_at),
    actor:
      row.actor_kind === 'person'
        ? { kind: 'person', id: row.actor_id, roles: row.actor_roles }
        : { kind: row.actor_kind, id: row.actor_id },
    action: row.action,
    reason: row.reason,
    transition:
      row.version === null || row.event === null
        ? null
        : { at: Number(row.at), event: row.event, happened: row.happened ?? [] },
  }));
}

export type Relation = 'previous' | 'next' | 'same_key' | 'same_service';

export interface RelatedEscalation {
  readonly id: string;
  readonly relation: Relation;
  readonly title: string;
  readonly severity: number;
  readonly status: string;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
}

/**
 * What else was open about the same matter: the escalations of the same key, of which the last before and the first after
 * are named so, and those that the same service had open at the same time. The nearest first, at most 20.
 */
export async function relatedEscalations(db: Queryable, of: EscalationRow): Promise<RelatedEscalation[]> {
  const { rows } = await db.execute<{
    id: string;
    relation: Relation;
    title: string;
    severity: number;
    status: string;
    opened_at: string;
    resolved_at: string | null;
  }>(sql`
    WITH this AS (SELECT * FROM escalations WHERE id = ${of.id}),
    same_key AS (
      SELECT other.*, row_number() OVER (PARTITION BY other.opened_at < this.opened_at
        ORDER BY abs(extract(epoch FROM other.opened_at - this.opened_at)), other.id) AS distance
      FROM escalations other, this
      WHERE other.service_id = this.service_id AND other.dedup_key = this.dedup_key AND other.id <> this.id),
    related AS (
      SELECT same_key.id, same_key.title, same_key.severity, same_key.status, same_key.opened_at, same_key.resolved_at,
        CASE WHEN distance > 1 THEN 'same_key' WHEN same_key.opened_at < this.opened_at THEN 'previous' ELSE 'next' END AS relation
      FROM same_key, this WHERE distance <= 10
      UNION ALL
      SELECT other.id, other.title, other.severity, other.status, other.opened_at, other.resolved_at, 'same_service'
      FROM escalations other, this
      WHERE other.service_id = this.service_id AND other.dedup_key <> this.dedup_key
        AND other.opened_at <= coalesce(this.closed_at, now()) AND coalesce(other.closed_at, now()) >= this.opened_at)
    SELECT related.* FROM related, this
    ORDER BY relation = 'same_service', abs(extract(epoch FROM related.opened_at - this.opened_at)), related.id
    LIMIT 20`);
  return rows.map(({ opened_at: openedAt, resolved_at: resolvedAt, ...rest }) => ({
    ...rest,
    openedAt: new Date(openedAt),
    resolvedAt: resolvedAt === null ? null : new Date(resolvedAt),
  }));
}

/** What people call the persons, schedules and policy versions that a timeline names, by id. */
export async function namesInTimeline(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const wanted = [...ids];
  const [people, rotas, policies] = await Promise.all([
    db.select({ id: principals.id, name: principals.name }).from(principals).where(inArray(principals.id, wanted)),
    db.select({ id: schedules.id, name: schedules.name }).from(schedules).where(inArray(schedules.id, wanted)),
    db
      .select({
        id: escalationPolicyVersions.id,
        name: sql<string>`${escalationPolicies.name} || ' version ' || ${escalationPolicyVersions.version}`,
      })
      .from(escalationPolicyVersions)
      .innerJoin(escalationPolicies, eq(escalationPolicies.id, escalationPolicyVersions.policyId))
      .where(inArray(escalationPolicyVersions.id, wanted)),
  ]);
  return new Map([...people, ...rotas, ...policies].map(({ id, name }) => [id, name]));
}
