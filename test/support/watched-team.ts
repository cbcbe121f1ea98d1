import { eq } from 'drizzle-orm';
import { createNoticeActivities } from '#activities/notices.ts';
import { createOncallActivities } from '#activities/oncall.ts';
import type { Override, Schedule } from '#domain/oncall/schedule.ts';
import { minuteMs } from '#domain/time.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { replaceSchedule } from '#db/repositories/schedules.ts';
import type { ScheduleDocument } from '#db/repositories/schedules.ts';
import { oncallNotices, schedules } from '#db/schema/index.ts';
import { createTestDatabase } from './database.ts';
import { FakePhones } from './fake-phones.ts';
import { seedPerson, seedService, seedTeam } from './seed.ts';

/** A database of the test file's own, over the application's role. */
export async function openDatabase(): Promise<{ db: Database; close: () => Promise<void> }> {
  const database = await createTestDatabase();
  const db = connectDatabase({
    url: database.appUrl,
    size: 8,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  return {
    db,
    close: async () => {
      await db.$client.end();
      await database.drop();
    },
  };
}

export type WatchedTeam = Awaited<ReturnType<typeof watchedTeam>>;

/** Two people, Amy in Berlin and Ben in Kolkata, with a service; their schedules are looked at when the test wants. */
export async function watchedTeam(db: Database) {
  const phones = new FakePhones();
  const teamId = await seedTeam(db);
  const names = { amy: `amy-${teamId.slice(-6)}`, ben: `ben-${teamId.slice(-6)}` };
  const amy = await seedPerson(db, { name: names.amy, timeZone: 'Europe/Berlin' });
  const ben = await seedPerson(db, { name: names.ben, timeZone: 'Asia/Kolkata' });
  const serviceId = await seedService(db, teamId, amy, {
    rungs: [{ targets: [{ kind: 'person', personId: amy }], ackWithinMs: minuteMs }],
    catchAllPersonId: amy,
  });
  const watch = () => createOncallActivities(db).watchOncall();
  const sender = createNoticeActivities({ db, channels: phones.channels });

  /** Amy always, but for what the overrides say. */
  const rota = (overrides: readonly Override[] = [], more: Partial<Schedule> = {}): ScheduleDocument => ({
    zone: 'UTC',
    layers: [{ id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [amy] }],
    overrides,
    temporarySchedules: [],
    marks: [],
    ...more,
  });

  return {
    phones,
    teamId,
    amy,
    ben,
    serviceId,
    watch,
    sender,
    rota,
    benForAmy: (startAt: number, endAt: number): Override => ({
      id: newId('override'),
      kind: 'replace',
      layerId: null,
      personId: amy,
      byPersonId: ben,
      startAt,
      endAt,
    }),
    /** Nobody for that time. */
    nobody: (startAt: number, endAt: number): ScheduleDocument =>
      rota([], { temporarySchedules: [{ id: 'away', startAt, endAt, shifts: [] }] }),
    async schedule(document: ScheduleDocument, options: Partial<typeof schedules.$inferInsert> = {}): Promise<string> {
      const id = newId('schedule');
      const row = { id, teamId, key: id.slice(-12), name: 'Primary', version: 1, document, ...options };
      await db.insert(schedules).values(row);
      return id;
    },
    change: (id: string, document: ScheduleDocument) => db.transaction((tx) => replaceSchedule(tx, id, document)),
    /** Looks, and sends what there is to send. */
    async watchAndSend(): Promise<void> {
      const { noticeIds } = await watch();
      for (const id of noticeIds) await sender.sendNotice(id);
    },
    noticesOf: (scheduleId: string) =>
      db.select().from(oncallNotices).where(eq(oncallNotices.scheduleId, scheduleId)).orderBy(oncallNotices.createdAt),
    /** The hand-off notices on that person's phone. */
    phoneOf: (name: 'amy' | 'ben') => phones.received(names[name], 'handoff'),
  };
}
