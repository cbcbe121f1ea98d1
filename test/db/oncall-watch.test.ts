import { and, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNoticeActivities } from '#activities/notices.ts';
import { createOncallActivities } from '#activities/oncall.ts';
import type { Override, Schedule } from '#domain/oncall/schedule.ts';
import { dayMs, hourMs, minuteMs, toIso } from '#domain/time.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { replaceSchedule } from '#db/repositories/schedules.ts';
import type { ScheduleDocument } from '#db/repositories/schedules.ts';
import {
  alertEvents,
  auditEvents,
  commands,
  contactMethods,
  escalations,
  maintenanceWindows,
  oncallNotices,
  persons,
  schedules,
} from '#db/schema/index.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';
import { FakePhones } from '#test/support/fake-phones.ts';
import { seedPerson, seedService, seedTeam } from '#test/support/seed.ts';

let database: TestDatabase;
let db: Database;
let phones: FakePhones;
let teamId: string;
let amy: string;
let ben: string;
let serviceId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 8,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});
beforeEach(async () => {
  phones = new FakePhones();
  teamId = await seedTeam(db);
  amy = await seedPerson(db, { name: `amy-${teamId.slice(-6)}`, timeZone: 'Europe/Berlin' });
  ben = await seedPerson(db, { name: `ben-${teamId.slice(-6)}`, timeZone: 'Asia/Kolkata' });
  serviceId = await seedService(db, teamId, amy, {
    rungs: [{ targets: [{ kind: 'person', personId: amy }], ackWithinMs: minuteMs }],
    catchAllPersonId: amy,
  });
});

const now = Date.now();
/** Amy always, but for what the overrides say. */
const rota = (overrides: readonly Override[] = [], more: Partial<Schedule> = {}): ScheduleDocument => ({
  zone: 'UTC',
  layers: [{ id: 'all', rotation: { kind: 'weekly' }, start: '2026-01-05T00:00', participants: [amy] }],
  overrides,
  temporarySchedules: [],
  marks: [],
  ...more,
});
const benForAmy = (from: number, to: number): Override => ({
  id: newId('override'),
  kind: 'replace',
  layerId: null,
  personId: amy,
  byPersonId: ben,
  startAt: from,
  endAt: to,
});
const nobody = (from: number, to: number): ScheduleDocument =>
  rota([], { temporarySchedules: [{ id: 'away', startAt: from, endAt: to, shifts: [] }] });

async function seedSchedule(document: ScheduleDocument, options: Partial<typeof schedules.$inferInsert> = {}) {
  const id = newId('schedule');
  const row = { id, teamId, key: id.slice(-12), name: 'Primary', version: 1, document, ...options };
  await db.insert(schedules).values(row);
  return id;
}
const change = (id: string, document: ScheduleDocument) => db.transaction((tx) => replaceSchedule(tx, id, document));
const watch = () => createOncallActivities(db).watchOncall();
/** Looks, and sends what there is to send. */
async function watchAndSend(): Promise<void> {
  const { noticeIds } = await watch();
  const sender = createNoticeActivities({ db, channels: phones.channels });
  for (const id of noticeIds) await sender.sendNotice(id);
}
const noticesOf = (scheduleId: string) =>
  db.select().from(oncallNotices).where(eq(oncallNotices.scheduleId, scheduleId)).orderBy(oncallNotices.createdAt);
const phoneOf = (name: 'amy' | 'ben') => phones.received(`${name}-${teamId.slice(-6)}`, 'handoff');

describe('hand-off notices', () => {
  it('tell the next person once, so many minutes ahead, in the zone of that person', async () => {
    const at = now + 10 * minuteMs;
    const id = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    await watchAndSend();
    await watchAndSend();
    const local = new Date(at + 5.5 * hourMs).toISOString().slice(0, 16).replace('T', ' ');
    expect(phoneOf('ben').map(({ title, severity, escalationId }) => [title, severity, escalationId])).toEqual([
      [`You come on call for Primary at ${local} (Asia/Kolkata)`, 4, null],
    ]);
    expect(phoneOf('amy')).toEqual([]);
    expect(await noticesOf(id)).toMatchObject([
      { kind: 'handoff', personId: ben, status: 'sent', attempts: 1, channel: 'webhook', possibleDuplicate: false },
    ]);
    const audited = await db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id));
    expect(audited.map(({ action, reason }) => [action, reason])).toEqual([['schedule.noticeStarted', 'handoff']]);
  });

  it('wait until they are due, and follow the schedule’s own setting', async () => {
    const at = now + 40 * minuteMs;
    const usual = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    const early = await seedSchedule(rota([benForAmy(at, at + hourMs)]), { handOffNoticeMinutes: 60 });
    const never = await seedSchedule(rota([benForAmy(at, at + hourMs)]), { handOffNoticeMinutes: 0 });
    const { nextInMs } = await watch();
    expect([await noticesOf(usual), await noticesOf(never)]).toEqual([[], []]);
    expect(await noticesOf(early)).toHaveLength(1);
    // The watch sleeps no longer than until the next one is due.
    expect(nextInMs).toBeLessThanOrEqual(25 * minuteMs);
    expect(nextInMs).toBeGreaterThan(20 * minuteMs);
  });

  it('come before the person’s quiet hours', async () => {
    // Quiet from half an hour ago until in 8 hours, by the clock in Kolkata: a hand-off in 4 hours is told now.
    const clock = (ms: number) => new Date(now + 5.5 * hourMs + ms).toISOString().slice(11, 16);
    await db
      .update(persons)
      .set({ quietHours: `${clock(-30 * minuteMs)}-${clock(8 * hourMs)}` })
      .where(eq(persons.id, ben));
    const quiet = await seedSchedule(rota([benForAmy(now + 4 * hourMs, now + 5 * hourMs)]));
    const later = await seedSchedule(rota([benForAmy(now + 9 * hourMs, now + 10 * hourMs)]));
    await watch();
    expect([(await noticesOf(quiet)).length, (await noticesOf(later)).length]).toEqual([1, 0]);
  });

  it('are not sent to who does not come on call after all', async () => {
    const at = now + 10 * minuteMs;
    const id = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    const { noticeIds } = await watch();
    await change(id, rota());
    const sender = createNoticeActivities({ db, channels: phones.channels });
    for (const one of noticeIds) await sender.sendNotice(one);
    expect([phoneOf('ben'), (await noticesOf(id))[0]?.status]).toEqual([[], 'superseded']);
  });

  it('take the person’s next way where the first does not work, and say when none does', async () => {
    const second = newId('contactMethod');
    await db.insert(contactMethods).values({ id: second, personId: ben, channel: 'sms', address: 'tel/ben-sms' });
    await db.execute(
      `INSERT INTO notification_rules (id, person_id, urgency, position, delay_minutes, contact_method_id)
       VALUES ('${newId('notificationRule')}', '${ben}', 'high', 1, 5, '${second}')`,
    );
    phones.answer = ({ address }) =>
      address === 'tel/ben-sms' ? { outcome: 'delivered' } : { outcome: 'failed_permanent', code: 'http_410' };
    const at = now + 10 * minuteMs;
    const reached = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    await watchAndSend();
    expect(await noticesOf(reached)).toMatchObject([
      { status: 'delivered', channel: 'sms', attempts: 2, errorCode: null },
    ]);
    phones.answer = () => ({ outcome: 'failed_permanent', code: 'http_410' });
    const unreached = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    await watchAndSend();
    expect(await noticesOf(unreached)).toMatchObject([{ status: 'failed', errorCode: 'http_410' }]);
    expect((await watch()).noticeIds).toEqual([]);
  });

  it('reach people although another schedule cannot be read any more', async () => {
    await seedSchedule({ ...rota(), zone: 'Mars/Olympus' });
    const at = now + 10 * minuteMs;
    const id = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    const { nextInMs } = await watch();
    await watchAndSend();
    expect(await noticesOf(id)).toMatchObject([{ status: 'sent' }]);
    // It is tried again later, and not at once for ever.
    expect(nextInMs).toBeGreaterThan(minuteMs);
  });

  it('that a crash left on their way are sent again, marked', async () => {
    const at = now + 10 * minuteMs;
    const id = await seedSchedule(rota([benForAmy(at, at + hourMs)]));
    const { noticeIds } = await watch();
    phones.answer = () => {
      throw new Error('killed');
    };
    const sender = createNoticeActivities({ db, channels: phones.channels });
    await expect(sender.sendNotice(noticeIds[0] ?? '')).rejects.toThrow('killed');
    phones.answer = () => ({ outcome: 'sent' });
    await watchAndSend();
    expect(phoneOf('ben').map(({ possibleDuplicate }) => possibleDuplicate)).toEqual([false, true]);
    expect(await noticesOf(id)).toMatchObject([{ status: 'sent', possibleDuplicate: true, attempts: 2 }]);
  });
});

describe('the gap check', () => {
  const escalationsOf = (id: string) =>
    db
      .select()
      .from(escalations)
      .where(eq(escalations.dedupKey, `schedule:${id}:gap`))
      .orderBy(escalations.openedAt);
  const alertsOf = async (id: string) =>
    (
      await db
        .select()
        .from(alertEvents)
        .where(eq(alertEvents.dedupKey, `schedule:${id}:gap`))
        .orderBy(alertEvents.seq)
    ).map(({ action }) => action);

  it('tells the team once of a gap within 30 days, with low urgency, and resolves it when somebody is on call', async () => {
    const gap = [now + 20 * dayMs, now + 20 * dayMs + hourMs] as const;
    const id = await seedSchedule(nobody(...gap));
    await watch();
    await watch();
    const [open] = await escalationsOf(id);
    expect(open).toMatchObject({ serviceId, severity: 4, alertCount: 1, closedAt: null });
    expect(open?.title).toBe(`Nobody is on call in Primary from ${toIso(gap[0])}`);
    expect(await alertsOf(id)).toEqual(['trigger']);

    await change(id, rota());
    await watch();
    await watch();
    expect(await alertsOf(id)).toEqual(['trigger', 'resolve']);
    const left = await db
      .select()
      .from(commands)
      .where(and(eq(commands.aggregateId, open?.id ?? ''), eq(commands.name, 'sourceChanged')));
    expect(left).toMatchObject([{ input: { kind: 'resolve', firingCount: 0 } }]);
  });

  it('does not tell again of what a person has closed, but of another gap', async () => {
    const id = await seedSchedule(nobody(now + 2 * dayMs, now + 3 * dayMs));
    await watch();
    await db.update(escalations).set({ closedAt: new Date() }).where(isNull(escalations.closedAt));
    await change(id, { ...nobody(now + 2 * dayMs, now + 3 * dayMs), zone: 'Europe/Berlin' });
    await watch();
    expect(await escalationsOf(id)).toHaveLength(1);
    await change(id, nobody(now + 4 * dayMs, now + 5 * dayMs));
    await watch();
    expect(await escalationsOf(id)).toHaveLength(2);
  });

  it('looks 30 days ahead, leaves schedules alone that are meant to have gaps, and waits for a service', async () => {
    const far = await seedSchedule(nobody(now + 31 * dayMs, now + 32 * dayMs));
    const meant = await seedSchedule(nobody(now + dayMs, now + 2 * dayMs), { gapCheck: false });
    const lonely = await seedTeam(db);
    const unheard = await seedSchedule(nobody(now + dayMs, now + 2 * dayMs), { teamId: lonely });
    await watch();
    for (const id of [far, meant, unheard]) expect(await escalationsOf(id)).toEqual([]);
    const late = await seedService(db, lonely, amy, { rungs: [], catchAllPersonId: amy });
    await change(unheard, nobody(now + dayMs, now + 2 * dayMs));
    await watch();
    expect(await escalationsOf(unheard)).toMatchObject([{ serviceId: late }]);
  });

  it('reports to the service that the schedule names', async () => {
    const own = await seedService(db, teamId, amy, { rungs: [], catchAllPersonId: amy });
    const id = await seedSchedule(nobody(now + dayMs, now + 2 * dayMs), { gapServiceId: own });
    await watch();
    expect(await escalationsOf(id)).toMatchObject([{ serviceId: own }]);
  });

  it('is done by one of two that look at the same time', async () => {
    const id = await seedSchedule(nobody(now + dayMs, now + 2 * dayMs));
    await Promise.all(Array.from({ length: 6 }, watch));
    expect([(await escalationsOf(id)).length, await alertsOf(id)]).toEqual([1, ['trigger']]);
  });
});

describe('maintenance that was announced', () => {
  const window = async (
    startsAt: number,
    endsAt: number,
    more: Partial<typeof maintenanceWindows.$inferInsert> = {},
  ) => {
    const id = newId('maintenanceWindow');
    const row = { id, serviceId, startsAt: new Date(startsAt), endsAt: new Date(endsAt), createdBy: amy, ...more };
    await db.insert(maintenanceWindows).values(row);
    return id;
  };
  const openEscalation = async () => {
    const id = newId('escalation');
    const more = { dedupKey: id, title: 'x', severity: 2, status: 'triggered', firstTriggerSeq: 1, lastTriggerSeq: 1 };
    await db.insert(escalations).values({ id, serviceId, teamId, ...more });
    return id;
  };
  const toldOf = async (id: string) =>
    (await db.select().from(commands).where(eq(commands.aggregateId, id))).map(({ name, input }) => [name, input]);

  it('case 16: is told to open escalations when it begins, once, and not before', async () => {
    const id = await openEscalation();
    const until = Date.now() + hourMs;
    const windowId = await window(Date.now() + 700, until);
    const { nextInMs } = await watch();
    expect(await toldOf(id)).toEqual([]);
    expect(nextInMs).toBeLessThanOrEqual(700);
    await expect
      .poll(
        async () => {
          await watch();
          return toldOf(id);
        },
        { timeout: 5_000, interval: 100 },
      )
      .toEqual([['maintenanceStarted', { windowId, until }]]);
    await watch();
    expect(await toldOf(id)).toHaveLength(1);
  });

  it('is told to nobody when it was called off, or was over before anyone looked', async () => {
    const id = await openEscalation();
    await window(Date.now() - hourMs, Date.now() - minuteMs);
    await window(Date.now() - minuteMs, Date.now() + hourMs, { endedBy: amy });
    await watch();
    expect(await toldOf(id)).toEqual([]);
  });
});
