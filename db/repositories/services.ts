import { and, eq, gt, isNull, lte, sql } from 'drizzle-orm';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { escalations, integrations, maintenanceWindows, services } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type ServiceRow = typeof services.$inferSelect;
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

/** All services of a team, by id and key. */
export async function findServicesOfTeam(db: Queryable, teamId: string): Promise<{ id: string; key: string }[]> {
  return db.select({ id: services.id, key: services.key }).from(services).where(eq(services.teamId, teamId));
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

export interface ServiceOfSender {
  readonly teamId: string;
  readonly isCutOff: boolean;
}

/** The service as one of its senders sees it: `isCutOff` when it has integrations with it and all are disabled. */
export async function findServiceForSender(
  db: Queryable,
  serviceId: string,
  principalId: string,
): Promise<ServiceOfSender | null> {
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

/**
 * Takes the service's place in the order of writers until the transaction ends: whoever opens an escalation of it in this
 * moment waits, and then sees what was written here.
 */
export async function lockService(tx: Transaction, id: string): Promise<void> {
  await tx.select({ id: services.id }).from(services).where(eq(services.id, id)).for('update');
}

/** An end that is not after the start is refused by the database. `toldAt` is set for a window that begins at once. */
export async function insertMaintenanceWindow(
  db: Queryable,
  window: { serviceId: string; startsAt: Date; endsAt: Date; createdBy: string; toldAt: Date | null },
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
 * the window themselves: they wait for the service's lock, or are seen here.
 */
export async function tellOpenEscalations(
  tx: Transaction,
  window: Pick<MaintenanceRow, 'id' | 'serviceId' | 'endsAt'>,
  name: 'maintenanceStarted' | 'maintenanceEnded',
): Promise<number> {
  await lockService(tx, window.serviceId);
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

/**
 * Tells the open escalations of each window that has begun since anyone looked; what ended meanwhile is told to nobody.
 * Returns how many windows there were. Safe beside another that does the same.
 */
export async function tellOfBegunMaintenance(db: Database, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const begun = await tx
      .select()
      .from(maintenanceWindows)
      .where(and(isComing, lte(maintenanceWindows.startsAt, sql`clock_timestamp()`)))
      .orderBy(maintenanceWindows.startsAt)
      .limit(limit)
      .for('update', { skipLocked: true });
    const now = await databaseNow(tx);
    for (const window of begun) {
      if (window.endsAt.getTime() > now) await tellOpenEscalations(tx, window, 'maintenanceStarted');
      await tx
        .update(maintenanceWindows)
        .set({ toldAt: new Date(now) })
        .where(eq(maintenanceWindows.id, window.id));
    }
    return begun.length;
  });
}

/** How long until the next window begins, milliseconds; 0 when one has begun that nobody was told of, null when none will. */
export async function untilNextMaintenance(db: Queryable): Promise<number | null> {
  const [row] = await db
    .select({
      waitMs: sql<string | null>`extract(epoch FROM min(${maintenanceWindows.startsAt}) - clock_timestamp()) * 1000`,
    })
    .from(maintenanceWindows)
    .where(isComing);
  const waitMs = row?.waitMs ?? null;
  return waitMs === null ? null : Math.max(0, Number(waitMs));
}

const isComing = and(isNull(maintenanceWindows.toldAt), isNull(maintenanceWindows.endedBy));
