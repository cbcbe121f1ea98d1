import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { escalations, integrations, maintenanceWindows, services } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type ServiceRow = typeof services.$inferSelect;
export type IntegrationRow = typeof integrations.$inferSelect;
export type MaintenanceRow = typeof maintenanceWindows.$inferSelect;

export interface NewService {
  readonly teamId: string;
  readonly key: string;
  readonly name: string;
  readonly policyId: string;
  readonly sensitive: boolean;
}

/** Null when the key is taken. */
export async function insertService(db: Queryable, service: NewService): Promise<ServiceRow | null> {
  const [row] = await db
    .insert(services)
    .values({ id: newId('service'), ...service })
    .onConflictDoNothing({ target: services.key })
    .returning();
  return row ?? null;
}

export async function findService(db: Queryable, id: string): Promise<ServiceRow | null> {
  const [row] = await db.select().from(services).where(eq(services.id, id));
  return row ?? null;
}

export async function listServices(db: Queryable, teams: readonly string[] | null, page: Page): Promise<ServiceRow[]> {
  const { where, orderBy, limit } = newestFirst(services.createdAt, services.id, page);
  return db
    .select()
    .from(services)
    .where(and(where, ofTeams(services.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
}

export async function insertIntegration(
  db: Queryable,
  integration: { serviceId: string; kind: string; name: string; principalId: string },
): Promise<IntegrationRow> {
  const [row] = await db
    .insert(integrations)
    .values({ id: newId('integration'), ...integration })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function listIntegrations(db: Queryable, serviceId: string, page: Page): Promise<IntegrationRow[]> {
  const { where, orderBy, limit } = newestFirst(integrations.createdAt, integrations.id, page);
  return db
    .select()
    .from(integrations)
    .where(and(where, eq(integrations.serviceId, serviceId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** False when there is none, or it was disabled already. */
export async function disableIntegration(db: Queryable, serviceId: string, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(integrations)
    .set({ disabledAt: sql`now()` })
    .where(and(eq(integrations.id, id), eq(integrations.serviceId, serviceId), isNull(integrations.disabledAt)));
  return (rowCount ?? 0) > 0;
}

/** The service as one of its senders sees it: `isCutOff` when it has integrations with it and all are disabled. */
export async function findServiceForSender(
  db: Queryable,
  serviceId: string,
  principalId: string,
): Promise<{ readonly teamId: string; readonly isCutOff: boolean } | null> {
  const [row] = await db
    .select({
      teamId: services.teamId,
      isCutOff: sql<boolean>`coalesce((
        SELECT bool_and(${integrations.disabledAt} IS NOT NULL) FROM ${integrations}
        WHERE ${integrations.serviceId} = ${serviceId} AND ${integrations.principalId} = ${principalId}), false)`,
    })
    .from(services)
    .where(eq(services.id, serviceId));
  return row ?? null;
}

/** Starts now at the earliest; an end that is not after the start is refused by the database. */
export async function insertMaintenanceWindow(
  db: Queryable,
  window: { serviceId: string; startsAt: Date; endsAt: Date; createdBy: string },
): Promise<MaintenanceRow> {
  const [row] = await db
    .insert(maintenanceWindows)
    .values({ id: newId('maintenanceWindow'), ...window })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function listMaintenanceWindows(db: Queryable, serviceId: string, page: Page): Promise<MaintenanceRow[]> {
  const { where, orderBy, limit } = newestFirst(maintenanceWindows.createdAt, maintenanceWindows.id, page);
  return db
    .select()
    .from(maintenanceWindows)
    .where(and(where, eq(maintenanceWindows.serviceId, serviceId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** Ends an open or coming window now; null when there is none that has not ended. One that had not begun ends as it begins. */
export async function endMaintenanceWindow(
  db: Queryable,
  serviceId: string,
  id: string,
  endedBy: string,
): Promise<MaintenanceRow | null> {
  const [row] = await db
    .update(maintenanceWindows)
    .set({ endedBy, endsAt: sql`greatest(now(), ${maintenanceWindows.startsAt} + interval '1 millisecond')` })
    .where(
      and(
        eq(maintenanceWindows.id, id),
        eq(maintenanceWindows.serviceId, serviceId),
        isNull(maintenanceWindows.endedBy),
        gt(maintenanceWindows.endsAt, sql`now()`),
      ),
    )
    .returning();
  return row ?? null;
}

/**
 * Tells every open escalation of the service that maintenance began or ended. Escalations that open in this moment read
 * the window themselves.
 */
export async function tellOpenEscalations(
  tx: Transaction,
  window: Pick<MaintenanceRow, 'id' | 'serviceId' | 'endsAt'>,
  name: 'maintenanceStarted' | 'maintenanceEnded',
): Promise<number> {
  const open = await tx
    .select({ id: escalations.id })
    .from(escalations)
    .where(and(eq(escalations.serviceId, window.serviceId), isNull(escalations.closedAt)));
  for (const { id } of open) {
    await leaveCommand(tx, {
      mode: 'signal',
      name,
      kind: 'escalation',
      aggregateId: id,
      idempotencyKey: `${name}:${window.id}:${id}`,
      priority: 2,
      input: { windowId: window.id, ...(name === 'maintenanceStarted' ? { until: window.endsAt.getTime() } : {}) },
    });
  }
  return open.length;
}
