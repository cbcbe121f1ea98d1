import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import { watchGaps } from '#domain/oncall/gap-watch.ts';
import { handOffNotices } from '#domain/oncall/notices.ts';
import type { Habits } from '#domain/oncall/notices.ts';
import type { Period, Schedule } from '#domain/oncall/schedule.ts';
import { namedPersons } from '#domain/oncall/schedule.ts';
import { hourMs, minuteMs, toIso } from '#domain/time.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { databaseNow } from '../now.ts';
import { escalations, persons, schedules, scheduleWatches, services } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import { toQuietHours, toSchedule } from './oncall.ts';
import { leaveNotices } from './oncall-notices.ts';

type WatchRow = typeof scheduleWatches.$inferSelect;
type ScheduleRow = typeof schedules.$inferSelect;

/** How long a look at a schedule that nobody changes is good for. */
const lookEveryMs = hourMs;

/**
 * Looks at schedules that changed or at which it is time to look: the people who come on call get their notices, and the
 * team hears of gaps once. Returns how many were looked at; safe beside another that does the same.
 */
export async function lookAtSchedules(db: Database, limit: number): Promise<number> {
  const { rows } = await db.execute<{ id: string }>(sql`
    SELECT schedules.id FROM schedules LEFT JOIN schedule_watches watch ON watch.schedule_id = schedules.id
    WHERE watch.schedule_id IS NULL OR watch.schedule_version <> schedules.version OR watch.look_at <= clock_timestamp()
    ORDER BY watch.look_at NULLS FIRST LIMIT ${limit}`);
  for (const { id } of rows) {
    try {
      await db.transaction((tx) => lookAt(tx, id));
    } catch (error) {
      // A schedule that cannot be read, as after its zone was renamed, must not keep the others from being looked at.
      if (!(error instanceof VigilError)) throw error;
      await putOff(db, id);
    }
  }
  return rows.length;
}

/** How long a schedule is left alone that could not be looked at. */
const putOffForMs = 5 * minuteMs;

async function putOff(db: Database, scheduleId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const watch = await lockWatch(tx, scheduleId);
    if (!watch) return;
    const [row] = await tx.select({ version: schedules.version }).from(schedules).where(eq(schedules.id, scheduleId));
    const lookAt = new Date((await databaseNow(tx)) + putOffForMs);
    await tx
      .update(scheduleWatches)
      .set({ lookAt, scheduleVersion: row?.version ?? watch.scheduleVersion })
      .where(eq(scheduleWatches.scheduleId, scheduleId));
  });
}

/** How long until the next look, milliseconds; 0 when one is due, null when there is no schedule. */
export async function untilNextLook(db: Queryable): Promise<number | null> {
  const { rows } = await db.execute<{ wait_ms: string | null }>(sql`
    SELECT extract(epoch FROM min(coalesce(watch.look_at, 'epoch')) - clock_timestamp()) * 1000 AS wait_ms
    FROM schedules LEFT JOIN schedule_watches watch
      ON watch.schedule_id = schedules.id AND watch.schedule_version = schedules.version`);
  const waitMs = rows[0]?.wait_ms ?? null;
  return waitMs === null ? null : Math.max(0, Number(waitMs));
}

async function lookAt(tx: Transaction, scheduleId: string): Promise<void> {
  const watch = await lockWatch(tx, scheduleId);
  const [row] = await tx.select().from(schedules).where(eq(schedules.id, scheduleId));
  if (!watch || !row) return;
  const now = await databaseNow(tx);
  const schedule = toSchedule(row);
  const nextNoticeAt = await noticeHandOffs(tx, row, schedule, now);
  const isGapCheckDue =
    watch.scheduleVersion !== row.version ||
    watch.gapsCheckedAt === null ||
    watch.gapsCheckedAt.getTime() <= now - lookEveryMs;
  const told = isGapCheckDue
    ? await tellOfGaps(tx, row, schedule, { told: watch.toldGapStarts as number[], now })
    : null;
  await tx
    .update(scheduleWatches)
    .set({
      scheduleVersion: row.version,
      lookAt: new Date(Math.min(now + lookEveryMs, nextNoticeAt)),
      ...(told === null ? {} : { toldGapStarts: told, gapsCheckedAt: new Date(now) }),
    })
    .where(eq(scheduleWatches.scheduleId, scheduleId));
}

/** Null while another looks at the same schedule. */
async function lockWatch(tx: Transaction, scheduleId: string): Promise<WatchRow | null> {
  await tx
    .insert(scheduleWatches)
    .values({ scheduleId, scheduleVersion: 0, lookAt: new Date(0) })
    .onConflictDoNothing({ target: scheduleWatches.scheduleId });
  const [watch] = await tx
    .select()
    .from(scheduleWatches)
    .where(eq(scheduleWatches.scheduleId, scheduleId))
    .for('update', { skipLocked: true });
  return watch ?? null;
}

/** Leaves the notices that are due; returns when the next one is. */
async function noticeHandOffs(tx: Transaction, row: ScheduleRow, schedule: Schedule, now: number): Promise<number> {
  if (row.handOffNoticeMinutes === 0) return Infinity;
  const habits = await habitsOf(tx, namedPersons(schedule));
  const notices = handOffNotices(
    schedule,
    row.handOffNoticeMinutes * minuteMs,
    now,
    (personId) => habits.get(personId) ?? { timeZone: 'UTC', quietHours: null },
  );
  const due = notices.filter(({ dueAt }) => dueAt <= now);
  await leaveNotices(
    tx,
    due.map(({ personId, handOffAt }) => ({
      key: `handoff:${row.id}:${handOffAt}:${personId}`,
      kind: 'handoff',
      scheduleId: row.id,
      personId,
      handOffAt: new Date(handOffAt),
    })),
  );
  return notices.find(({ dueAt }) => dueAt > now)?.dueAt ?? Infinity;
}

async function habitsOf(db: Queryable, personIds: readonly string[]): Promise<ReadonlyMap<string, Habits>> {
  if (personIds.length === 0) return new Map();
  const rows = await db
    .select({ id: persons.id, timeZone: persons.timeZone, quietHours: persons.quietHours })
    .from(persons)
    .where(inArray(persons.id, [...personIds]));
  return new Map(rows.map(({ id, timeZone, quietHours }) => [id, { timeZone, quietHours: toQuietHours(quietHours) }]));
}

/**
 * Tells the people of a schedule that nobody is on call for a time, through one low-urgency escalation, and resolves it
 * once somebody is. Returns the gaps that count as told of.
 */
async function tellOfGaps(
  tx: Transaction,
  row: ScheduleRow,
  schedule: Schedule,
  { told, now }: { readonly told: readonly number[]; readonly now: number },
): Promise<readonly number[]> {
  const found = row.gapCheck ? watchGaps(schedule, told, now) : { gaps: [], isNews: false, told: [] };
  const dedupKey = `schedule:${row.id}:gap`;
  if (found.gaps.length === 0) {
    if (told.length > 0) await resolveOpen(tx, dedupKey);
    return [];
  }
  if (!found.isNews) return found.told;
  const serviceId = row.gapServiceId ?? (await oldestService(tx, row.teamId));
  // Nobody can be told: it stays news, for the day on which the team has a service.
  if (serviceId === null) return told;
  await acceptTrigger(tx, {
    serviceId,
    dedupKey,
    severity: 4,
    title: titleOf(row.name, found.gaps),
    details: { scheduleId: row.id, gaps: found.gaps.slice(0, 20).map(toText) },
    reportedBy: 'vigil',
  });
  return found.told;
}

function titleOf(name: string, gaps: readonly Period[]): string {
  const [first] = gaps;
  const more = gaps.length === 1 ? '' : ` and ${gaps.length - 1} more times`;
  return `Nobody is on call in ${name} from ${first === undefined ? '' : toIso(first.startAt)}${more}`.slice(0, 1_024);
}

const toText = ({ startAt, endAt }: Period) => ({ startAt: toIso(startAt), endAt: toIso(endAt) });

/** Wherever it is open: the schedule may report to another service by now. */
async function resolveOpen(tx: Transaction, dedupKey: string): Promise<void> {
  const open = await tx
    .select({ serviceId: escalations.serviceId })
    .from(escalations)
    .where(and(eq(escalations.dedupKey, dedupKey), isNull(escalations.closedAt)));
  for (const { serviceId } of open)
    await acceptResolve(tx, { serviceId, dedupKey, reportedBy: 'vigil' }, { onlyIfOpen: true });
}

async function oldestService(db: Queryable, teamId: string): Promise<string | null> {
  const [row] = await db
    .select({ id: services.id })
    .from(services)
    .where(eq(services.teamId, teamId))
    .orderBy(asc(services.createdAt), asc(services.id))
    .limit(1);
  return row?.id ?? null;
}
