import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { minuteMs } from '#domain/time.ts';
import { acceptResolve, acceptTrigger } from '#db/repositories/alerts.ts';
import type { Alert } from '#db/repositories/alerts.ts';
import { newId } from '#db/ids.ts';
import { alertEvents, contactMethods, deliveries, escalations, notificationRules } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

let vigil: TestVigil;
const phones = new FakePhones();
let first: string;
let second: string;
let service: string;
let story = 0;

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
});
afterAll(() => vigil.stop());

/** Two people, each with a phone named after the test, on two rungs of fifteen minutes. */
beforeEach(async () => {
  phones.answer = () => ({ outcome: 'sent' });
  story++;
  const team = await seedTeam(vigil.db);
  first = await seedPerson(vigil.db, { name: `first-${story}` });
  second = await seedPerson(vigil.db, { name: `second-${story}` });
  const rung = (personId: string) => ({ targets: [{ kind: 'person' as const, personId }], ackWithinMs: 15 * minuteMs });
  service = await seedService(vigil.db, team, first, { rungs: [rung(first), rung(second)], catchAllPersonId: second });
});

const alert = (change: Partial<Alert> = {}): Alert => ({
  serviceId: service,
  dedupKey: 'disk',
  severity: 1,
  title: 'The disk is full',
  reportedBy: 'test',
  ...change,
});
const trigger = async (change: Partial<Alert> = {}): Promise<string> =>
  (await vigil.db.transaction((tx) => acceptTrigger(tx, alert(change)))).escalationId;
const resolve = (): Promise<string | null> =>
  vigil.db.transaction((tx) => acceptResolve(tx, { serviceId: service, dedupKey: 'disk', reportedBy: 'test' }));
const forward = (id: string, minutes: number) =>
  fastForward(vigil.temporal, workflowId('escalation', id), minutes * 60);
const sentBy = (id: string) =>
  vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id)).orderBy(asc(deliveries.startedAt));
const ofService = () =>
  vigil.db.select().from(escalations).where(eq(escalations.serviceId, service)).orderBy(asc(escalations.openedAt));
const ladderWhen = (id: string, is: (ladder: Ladder) => boolean) =>
  eventually(`escalation ${id}: ${is.toString()}`, async () => {
    const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
    return row?.state && is(row.state as Ladder) ? { ...row, state: row.state as Ladder } : null;
  });

async function addChannel(personId: string, channel: string, phone: string, delayMinutes: number): Promise<void> {
  const contactMethodId = newId('contactMethod');
  await vigil.db
    .insert(contactMethods)
    .values({ id: contactMethodId, personId, channel, address: `http://phone/${phone}`, verifiedAt: new Date() });
  const rule = {
    id: newId('notificationRule'),
    personId,
    urgency: 'high',
    position: 1 + delayMinutes,
    delayMinutes,
    contactMethodId,
  };
  await vigil.db.insert(notificationRules).values(rule);
}

describe('a channel that fails', () => {
  it('for good: the next channel of the person is used now, not at its time', async () => {
    await addChannel(first, 'sms', `sms-${story}`, 10);
    phones.answer = ({ address }) =>
      address.includes('first') ? { outcome: 'failed_permanent', code: 'gone' } : { outcome: 'delivered' };
    const id = await trigger();
    await phones.next(`sms-${story}`);
    const [webhook, sms] = await eventually('both are settled', async () => {
      const rows = await sentBy(id);
      return rows.length === 2 && rows.every((row) => row.settledAt !== null) ? rows : null;
    });
    expect(webhook).toMatchObject({ channel: 'webhook', status: 'failed', errorCode: 'gone', attempts: 1 });
    expect(sms).toMatchObject({ channel: 'sms', status: 'delivered', possibleDuplicate: false });
    await forward(id, 14);
    expect(phones.received(`sms-${story}`)).toHaveLength(1);
    expect(phones.received(`second-${story}`)).toEqual([]);
  });

  it('that is not configured, or whose address is gone by then, counts as failed for good', async () => {
    await addChannel(first, 'console', `console-${story}`, 0);
    await addChannel(first, 'sms', `sms-${story}`, 10);
    await addChannel(first, 'email', `email-${story}`, 12);
    const id = await trigger();
    // The console fails at once, so the person's next channel is used before its time.
    await phones.next(`sms-${story}`);
    await vigil.db.update(contactMethods).set({ disabledAt: new Date() }).where(eq(contactMethods.channel, 'email'));
    await forward(id, 14);
    const settled = await eventually('all are settled', async () => {
      const rows = await sentBy(id);
      return rows.length === 4 && rows.every((row) => row.settledAt !== null) ? rows : null;
    });
    const codes = Object.fromEntries(settled.map((row) => [row.channel, row.errorCode ?? row.status]));
    expect(codes).toEqual({
      webhook: 'sent',
      console: 'channel_not_configured',
      sms: 'sent',
      email: 'contact_method_gone',
    });
  });

  it('for a while: it is tried again, and the next rung is not later for it', async () => {
    let failures = 0;
    phones.answer = ({ address }) => {
      if (address.includes('second')) return { outcome: 'sent' };
      failures++;
      return { outcome: 'failed_transient', retryAfterMs: null };
    };
    const id = await trigger();
    await phones.next(`first-${story}`);
    await forward(id, 14);
    const [page] = await eventually('its tries are used up', async () => {
      const rows = await sentBy(id);
      return rows[0]?.settledAt ? rows : null;
    });
    expect(page).toMatchObject({
      status: 'failed',
      errorCode: 'retries_exhausted',
      attempts: 6,
      // The channel refused each try, so nobody was called twice.
      possibleDuplicate: false,
    });
    expect(failures).toBe(6);
    expect(phones.received(`second-${story}`)).toEqual([]);
    await forward(id, 2);
    await phones.next(`second-${story}`);
  });

  it('and works again at the third try: one page, told once as sent', async () => {
    phones.answer = (_, attempt) =>
      attempt < 3 ? { outcome: 'failed_transient', retryAfterMs: 100 } : { outcome: 'delivered' };
    const id = await trigger();
    const { state } = await ladderWhen(id, (ladder) => ladder.counts.delivered === 1);
    expect(state.counts).toMatchObject({ started: 1, in_flight: 0 });
    expect(await sentBy(id)).toMatchObject([{ status: 'delivered', attempts: 3 }]);
  });
});

describe('a page and what happens meanwhile', () => {
  it('is not tried again after the acknowledgement', async () => {
    phones.answer = () => ({ outcome: 'failed_transient', retryAfterMs: 60_000 });
    const id = await trigger();
    await phones.next(`first-${story}`);
    const { outcome } = await ask(
      vigil,
      { kind: 'person', id: first, roles: ['responder'] },
      'escalation',
      id,
      'acknowledge',
    );
    expect(outcome).toMatchObject({ status: 'done' });
    await forward(id, 24 * 60);
    expect(phones.received(`first-${story}`)).toHaveLength(1);
    expect(await sentBy(id)).toMatchObject([{ status: 'superseded' }]);
  });

  it('is sent again, marked as a possible duplicate, when the worker dies while it sends', async () => {
    await using phone = await startLoopbackServer(() => undefined);
    await vigil.db
      .update(contactMethods)
      .set({ address: `${phone.url}/phones/first-${story}` })
      .where(eq(contactMethods.personId, first));
    await vigil.pause();
    const worker = await startWorkerProcess(vigil, phone.hostPort);
    const id = await trigger();
    await eventually('the page is under way', () => Promise.resolve(phone.received.length === 1));
    await worker.kill();
    await vigil.resume();
    const again = await phones.next(`first-${story}`, 1, 'page', 40_000);
    expect(again).toMatchObject({ escalationId: id, possibleDuplicate: true });
    expect(phone.received[0]?.headers['webhook-id']).toBe(again.deliveryId);
    expect(await sentBy(id)).toMatchObject([{ attempts: 2, possibleDuplicate: true }]);
  });
});

describe('the source', () => {
  it('ends the ladder, and those who were paged are told', async () => {
    const id = await trigger();
    await phones.next(`first-${story}`);
    expect(await resolve()).toBe(id);
    await phones.next(`first-${story}`, 1, 'resolved');
    const row = await ladderWhen(id, (ladder) => ladder.status === 'resolved');
    expect(row.closedAt).not.toBeNull();
    expect(phones.received(`second-${story}`)).toEqual([]);
    expect(await resolve()).toBeNull();
  });

  it('opens a linked escalation when it fires again after its resolve was taken', async () => {
    const id = await trigger();
    await phones.next(`first-${story}`);
    await vigil.pause();
    await resolve();
    expect(await trigger()).toBe(id);
    await vigil.resume();
    await phones.next(`first-${story}`, 2);
    const [old, next, ...more] = await ofService();
    expect(more).toEqual([]);
    expect(old).toMatchObject({ id, status: 'resolved' });
    expect(next).toMatchObject({ previousId: id, dedupKey: 'disk', closedAt: null });
  });

  it('opens one also when the trigger waited for the resolve to commit', async () => {
    const id = await trigger();
    await phones.next(`first-${story}`);
    await vigil.pause();
    let waiting: Promise<string> | undefined;
    await vigil.db.transaction(async (tx) => {
      await acceptResolve(tx, { serviceId: service, dedupKey: 'disk', reportedBy: 'test' });
      waiting = trigger();
      await eventually('the trigger waits for the lock', async () => {
        const { rows } = await vigil.db.execute(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        return rows.length > 0;
      });
    });
    expect(await waiting).toBe(id);
    await vigil.resume();
    await phones.next(`first-${story}`, 2);
    expect((await ofService())[1]).toMatchObject({ previousId: id });
  });

  it('is heard once when twenty of it fire at once, at the worst of their severities', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => trigger({ severity: index === 19 ? 1 : 2 })),
    );
    expect(new Set(ids).size).toBe(1);
    const id = ids[0] ?? '';
    const { state, alertCount } = await ladderWhen(
      id,
      (ladder) => ladder.severity === 1 && ladder.counts.in_flight === 0,
    );
    expect(alertCount).toBe(20);
    expect(state.triggerCount).toBeLessThan(20);
    await forward(id, 14);
    const pages = (await sentBy(id)).filter((row) => row.kind !== 're_page');
    expect(pages).toHaveLength(1);
    const events = await vigil.db.select().from(alertEvents).where(eq(alertEvents.escalationId, id));
    expect(events.filter((row) => row.disposition === 'opened')).toHaveLength(1);
  });
});
