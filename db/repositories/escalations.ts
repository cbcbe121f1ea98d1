import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { Queryable } from '../client.ts';
import { deliveries, escalations } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type EscalationRow = Omit<typeof escalations.$inferSelect, 'state'> & { state: Ladder | null };

export async function findEscalation(db: Queryable, id: string): Promise<EscalationRow | null> {
  const [row] = await db.select().from(escalations).where(eq(escalations.id, id));
  return (row as EscalationRow | undefined) ?? null;
}

export async function listEscalations(
  db: Queryable,
  teams: readonly string[] | null,
  filter: { readonly openOnly: boolean; readonly serviceId?: string | undefined },
  page: Page,
): Promise<EscalationRow[]> {
  const { where, orderBy, limit } = newestFirst(escalations.openedAt, escalations.id, page);
  const rows = await db
    .select()
    .from(escalations)
    .where(
      and(
        where,
        ofTeams(escalations.teamId, teams),
        filter.openOnly ? isNull(escalations.closedAt) : undefined,
        filter.serviceId ? eq(escalations.serviceId, filter.serviceId) : undefined,
      ),
    )
    .orderBy(...orderBy)
    .limit(limit);
  return rows as EscalationRow[];
}

export async function findDelivery(db: Queryable, id: string): Promise<typeof deliveries.$inferSelect | null> {
  const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
  return row ?? null;
}

export async function listDeliveries(db: Queryable, escalationId: string) {
  return db
    .select()
    .from(deliveries)
    .where(eq(deliveries.escalationId, escalationId))
    .orderBy(asc(deliveries.startedAt), asc(deliveries.id))
    .limit(1_000);
}

/** So long an escalation may wait for its first page before somebody should look. */
const unpagedAfterSeconds = 30;

/** Open escalations by status, and how many of them wait though nobody was paged, nor is held back by a rule. */
export async function countOpenEscalations(db: Queryable): Promise<{
  readonly byStatus: readonly { readonly status: string; readonly count: number }[];
  readonly unpaged: number;
}> {
  const { rows } = await db.execute<{ status: string; count: number; unpaged: number }>(sql`
    SELECT status, count(*)::int AS count, count(*) FILTER (
        WHERE status IN ('opening', 'triggered', 'exhausted')
        AND opened_at < now() - make_interval(secs => ${unpagedAfterSeconds})
        AND NOT EXISTS (SELECT FROM deliveries WHERE escalation_id = escalations.id))::int AS unpaged
    FROM escalations WHERE closed_at IS NULL GROUP BY status ORDER BY status`);
  return { byStatus: rows, unpaged: rows.reduce((sum, row) => sum + row.unpaged, 0) };
}
