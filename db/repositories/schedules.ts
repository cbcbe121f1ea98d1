import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Schedule } from '#domain/oncall/schedule.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { escalations, schedules } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

/** What people write: the schedule without the identity of its row. */
export type ScheduleDocument = Omit<Schedule, 'id' | 'version'>;
export type ScheduleRow = Omit<typeof schedules.$inferSelect, 'document'> & { document: ScheduleDocument };

/** How a schedule is watched over; what is left out stays, or is as the schema says. */
export type ScheduleOptions = Partial<Pick<ScheduleRow, 'handOffNoticeMinutes' | 'gapCheck' | 'gapServiceId'>>;

/** Null when the key is taken. */
export async function insertSchedule(
  db: Queryable,
  schedule: { teamId: string; key: string; name: string; document: ScheduleDocument } & ScheduleOptions,
): Promise<ScheduleRow | null> {
  const [row] = await db
    .insert(schedules)
    .values({ id: newId('schedule'), version: 1, ...schedule })
    .onConflictDoNothing({ target: schedules.key })
    .returning();
  return (row as ScheduleRow | undefined) ?? null;
}

export async function findSchedule(db: Queryable, id: string): Promise<ScheduleRow | null> {
  const [row] = await db.select().from(schedules).where(eq(schedules.id, id));
  return (row as ScheduleRow | undefined) ?? null;
}

export async function lockSchedule(tx: Transaction, id: string): Promise<ScheduleRow | null> {
  const [row] = await tx.select().from(schedules).where(eq(schedules.id, id)).for('update');
  return (row as ScheduleRow | undefined) ?? null;
}

/** The caller holds the lock. */
export async function setScheduleOptions(tx: Transaction, id: string, options: ScheduleOptions): Promise<void> {
  if (Object.keys(options).length > 0) await tx.update(schedules).set(options).where(eq(schedules.id, id));
}

/** Puts the next version in place. The caller holds the lock and has checked the version. */
export async function replaceSchedule(
  tx: Transaction,
  id: string,
  document: ScheduleDocument,
): Promise<ScheduleRow | null> {
  const [row] = await tx
    .update(schedules)
    .set({ document, version: sql`${schedules.version} + 1`, updatedAt: sql`now()` })
    .where(eq(schedules.id, id))
    .returning();
  return (row as ScheduleRow | undefined) ?? null;
}

export async function listSchedules(
  db: Queryable,
  teams: readonly string[] | null,
  page: Page,
): Promise<ScheduleRow[]> {
  const { where, orderBy, limit } = newestFirst(schedules.updatedAt, schedules.id, page);
  const rows = await db
    .select()
    .from(schedules)
    .where(and(where, ofTeams(schedules.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
  return rows as ScheduleRow[];
}

/** Those of the ids that are no schedule. */
export async function unknownSchedules(db: Queryable, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const known = await db
    .select({ id: schedules.id })
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));
  const names = new Set(known.map(({ id }) => id));
  return ids.filter((id) => !names.has(id));
}

/**
 * Tells every open escalation whose frozen policy reads the schedule that it changed; also those of which nothing is
 * recorded yet, which pass over what does not concern them.
 */
export async function tellOfRoster(tx: Transaction, scheduleId: string, version: number): Promise<number> {
  const open = await tx
    .select({ id: escalations.id })
    .from(escalations)
    .where(
      and(
        isNull(escalations.closedAt),
        sql`(${escalations.state} IS NULL OR jsonb_path_exists(${escalations.state}, '$.policy.rungs[*].targets[*] ? (@.scheduleId == $id)', jsonb_build_object('id', ${scheduleId}::text)))`,
      ),
    );
  for (const { id } of open) {
    await leaveCommand(tx, {
      mode: 'signal',
      name: 'rosterChanged',
      kind: 'escalation',
      aggregateId: id,
      idempotencyKey: `roster:${scheduleId}:${version}:${id}`,
      priority: 2,
      input: { scheduleId },
    });
  }
  return open.length;
}
