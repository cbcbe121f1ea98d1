import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { minuteMs } from '#domain/time.ts';
import { createProviderGuard, guarded } from '#activities/clients/provider-guard.ts';
import type { PagerChannel } from '#activities/clients/pager-channels.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { newId } from '#db/ids.ts';
import { listCircuits, noteCircuit } from '#db/repositories/provider-circuits.ts';
import { contactMethods, deliveries, notificationRules } from '#db/schema/index.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

/** One provider is down while another works: the real guard before channels that fail as told. */
let vigil: TestVigil;
const phones = new FakePhones();
const guard = createProviderGuard({
  now: () => performance.now(),
  failuresToOpen: 3,
  shortestPauseMs: 60_000,
  mostInFlight: 2,
  longestWaitMs: 50,
  onChange: (state) => void noteCircuit(vigil.db, state),
});

beforeAll(async () => {
  const channels = [...phones.channels.values()].map((channel): PagerChannel => guarded(channel, guard));
  vigil = await startTestVigil({ channels: new Map(channels.map((channel) => [channel.name, channel])) });
});
afterAll(() => vigil.stop());

async function team(name: string, channels: readonly string[]) {
  const teamId = await seedTeam(vigil.db);
  const personId = await seedPerson(vigil.db, { name: `${name}-webhook` });
  for (const [index, channel] of channels.entries()) {
    const contactMethodId = newId('contactMethod');
    await vigil.db.insert(contactMethods).values({
      id: contactMethodId,
      personId,
      channel,
      address: `http://phone/${name}-${channel}`,
      verifiedAt: new Date(),
    });
    const when = { urgency: 'high', position: 1 + index, delayMinutes: 10 };
    await vigil.db
      .insert(notificationRules)
      .values({ id: newId('notificationRule'), personId, contactMethodId, ...when });
  }
  const rung = { targets: [{ kind: 'person' as const, personId }], ackWithinMs: 15 * minuteMs };
  return seedService(vigil.db, teamId, personId, { rungs: [rung], catchAllPersonId: personId });
}
const trigger = async (serviceId: string, dedupKey: string): Promise<string> =>
  (
    await vigil.db.transaction((tx) =>
      acceptTrigger(tx, { serviceId, dedupKey, severity: 1, title: 'Down', reportedBy: 'test' }),
    )
  ).escalationId;
const ledger = (id: string) =>
  vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id)).orderBy(asc(deliveries.startedAt));

it('an open circuit hands the page to the person’s next channel after three tries, and is seen by everyone', async () => {
  phones.answer = ({ address }) =>
    address.endsWith('webhook') ? { outcome: 'failed_transient', retryAfterMs: 50 } : { outcome: 'delivered' };
  const service = await team('outage', ['sms']);
  const first = await trigger(service, 'one');
  await phones.next('outage-sms');
  const calls = phones.received('outage-webhook').length;
  const second = await trigger(service, 'two');
  await phones.next('outage-sms', 2);
  expect(phones.received('outage-webhook')).toHaveLength(calls);
  const rows = await eventually('both pages are settled', async () => {
    const all = [...(await ledger(first)), ...(await ledger(second))];
    return all.every((row) => row.settledAt !== null) && all.length === 4 ? all : null;
  });
  expect(rows.map(({ channel, status, errorCode }) => [channel, status, errorCode])).toEqual([
    ['webhook', 'failed', expect.stringMatching(/circuit_open|retries_exhausted/)],
    ['sms', 'delivered', null],
    ['webhook', 'failed', 'circuit_open'],
    ['sms', 'delivered', null],
  ]);
  const [circuit] = await eventually('the circuit is noted', async () => {
    const all = await listCircuits(vigil.db);
    return all.length > 0 ? all : null;
  });
  expect(circuit).toMatchObject({ provider: 'webhook', state: 'open', failures: 3, openedAt: expect.any(Date) });
});

it('a provider that hangs takes its places and no more: another one’s pages go out, and none of its own is lost', async () => {
  const held: (() => void)[] = [];
  phones.answer = ({ address }) =>
    address.endsWith('email')
      ? new Promise((resolve) => held.push(() => resolve({ outcome: 'sent' })))
      : { outcome: 'delivered' };
  const slow = await emailOnly('slow');
  const ids = await Promise.all([1, 2, 3, 4, 5].map((key) => trigger(slow, `slow-${key}`)));
  await eventually('the slow provider has its two places full', async () => held.length === 2);
  await trigger(await team('quick', []).then(onlyBy('sms', 'quick')), 'quick');
  await phones.next('quick-sms');
  expect(held).toHaveLength(2);
  const all = await eventually('the slow pages went out', async () => {
    for (const answer of held.splice(0)) answer();
    const rows = (await Promise.all(ids.map(ledger))).flat();
    return rows.length === 5 && rows.every(({ status }) => status === 'sent') ? rows : null;
  });
  expect(all.every(({ possibleDuplicate, attempts }) => !possibleDuplicate && attempts === 1)).toBe(true);
});

const emailOnly = (name: string) => team(name, []).then(onlyBy('email', name));

/** Moves the person of a service to that channel alone. */
const onlyBy = (channel: string, name: string) => async (serviceId: string) => {
  await vigil.db
    .update(contactMethods)
    .set({ channel, address: `http://phone/${name}-${channel}`, verifiedAt: new Date() })
    .where(eq(contactMethods.address, `http://phone/${name}-webhook`));
  return serviceId;
};
