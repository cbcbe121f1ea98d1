import { and, asc, eq, isNull } from 'drizzle-orm';
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

export async function listDeliveries(db: Queryable, escalationId: string) {
  return db
    .select()
    .from(deliveries)
    .where(eq(deliveries.escalationId, escalationId))
    .orderBy(asc(deliveries.startedAt), asc(deliveries.id))
    .limit(1_000);
}
