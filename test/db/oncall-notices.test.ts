import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hourMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { auditEvents, contactMethods, persons } from '#db/schema/index.ts';
import { openDatabase, watchedTeam } from '#test/support/watched-team.ts';
import type { WatchedTeam } from '#test/support/watched-team.ts';

let db: Database;
let close: () => Promise<void>;
let team: WatchedTeam;
beforeAll(async () => {
  ({ db, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  team = await watchedTeam(db);
});

const now = Date.now();

describe('hand-off notices', () => {
  it('tell the next person once, so many minutes ahead, in the zone of that person', async () => {
    const at = now + 10 * minuteMs;
    const id = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    await team.watchAndSend();
    await team.watchAndSend();
    const local = new Date(at + 5.5 * hourMs).toISOString().slice(0, 16).replace('T', ' ');
    expect(team.phoneOf('ben').map(({ title, severity, escalationId }) => [title, severity, escalationId])).toEqual([
      [`You come on call for Primary at ${local} (Asia/Kolkata)`, 4, null],
    ]);
    expect(team.phoneOf('amy')).toEqual([]);
    expect(await team.noticesOf(id)).toMatchObject([
      {
        kind: 'handoff',
        personId: team.ben,
        status: 'sent',
        attempts: 1,
        channel: 'webhook',
        possibleDuplicate: false,
      },
    ]);
    const audited = await db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id));
    expect(audited.map(({ action, reason }) => [action, reason])).toEqual([['schedule.noticeStarted', 'handoff']]);
  });

  it('wait until they are due, and follow the schedule’s own setting', async () => {
    const at = now + 40 * minuteMs;
    const usual = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    const early = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]), { handOffNoticeMinutes: 60 });
    const never = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]), { handOffNoticeMinutes: 0 });
    const { nextInMs } = await team.watch();
    expect([await team.noticesOf(usual), await team.noticesOf(never)]).toEqual([[], []]);
    expect(await team.noticesOf(early)).toHaveLength(1);
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
      .where(eq(persons.id, team.ben));
    const quiet = await team.schedule(team.rota([team.benForAmy(now + 4 * hourMs, now + 5 * hourMs)]));
    const later = await team.schedule(team.rota([team.benForAmy(now + 9 * hourMs, now + 10 * hourMs)]));
    await team.watch();
    expect([(await team.noticesOf(quiet)).length, (await team.noticesOf(later)).length]).toEqual([1, 0]);
  });

  it('are not sent to who does not come on call after all', async () => {
    const at = now + 10 * minuteMs;
    const id = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    const { noticeIds } = await team.watch();
    await team.change(id, team.rota());
    for (const one of noticeIds) await team.sender.sendNotice(one);
    expect([team.phoneOf('ben'), (await team.noticesOf(id))[0]?.status]).toEqual([[], 'superseded']);
  });

  it('take the person’s next way where the first does not work, and say when none does', async () => {
    const second = newId('contactMethod');
    await db
      .insert(contactMethods)
      .values({ id: second, personId: team.ben, channel: 'sms', address: 'tel/ben-sms', verifiedAt: new Date() });
    await db.execute(
      `INSERT INTO notification_rules (id, person_id, urgency, position, delay_minutes, contact_method_id)
       VALUES ('${newId('notificationRule')}', '${team.ben}', 'high', 1, 5, '${second}')`,
    );
    team.phones.answer = ({ address }) =>
      address === 'tel/ben-sms' ? { outcome: 'delivered' } : { outcome: 'failed_permanent', code: 'http_410' };
    const at = now + 10 * minuteMs;
    const reached = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    await team.watchAndSend();
    expect(await team.noticesOf(reached)).toMatchObject([
      { status: 'delivered', channel: 'sms', attempts: 2, errorCode: null },
    ]);
    team.phones.answer = () => ({ outcome: 'failed_permanent', code: 'http_410' });
    const unreached = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    await team.watchAndSend();
    expect(await team.noticesOf(unreached)).toMatchObject([{ status: 'failed', errorCode: 'http_410' }]);
    expect((await team.watch()).noticeIds).toEqual([]);
  });

  it('reach people although another schedule cannot be read any more', async () => {
    await team.schedule({ ...team.rota(), zone: 'Mars/Olympus' });
    const at = now + 10 * minuteMs;
    const id = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    const { nextInMs } = await team.watch();
    await team.watchAndSend();
    expect(await team.noticesOf(id)).toMatchObject([{ status: 'sent' }]);
    // It is tried again later, and not at once for ever.
    expect(nextInMs).toBeGreaterThan(minuteMs);
  });

  it('that a crash left on their way are sent again, marked', async () => {
    const at = now + 10 * minuteMs;
    const id = await team.schedule(team.rota([team.benForAmy(at, at + hourMs)]));
    const { noticeIds } = await team.watch();
    team.phones.answer = () => {
      throw new Error('killed');
    };
    await expect(team.sender.sendNotice(noticeIds[0] ?? '')).rejects.toThrow('killed');
    team.phones.answer = () => ({ outcome: 'sent' });
    await team.watchAndSend();
    expect(team.phoneOf('ben').map(({ possibleDuplicate }) => possibleDuplicate)).toEqual([false, true]);
    expect(await team.noticesOf(id)).toMatchObject([{ status: 'sent', possibleDuplicate: true, attempts: 2 }]);
  });
});
