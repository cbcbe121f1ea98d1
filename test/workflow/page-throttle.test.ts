import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runChecker } from '#checker/run.ts';
import { minuteMs } from '#domain/time.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { deliveries } from '#db/schema/index.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { readLedger } from '../support/ladder-ledger.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { acknowledge, forward, ladderWhen } from '../support/two-rungs.ts';
import { startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
const phones = new FakePhones();

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
});
afterAll(() => vigil?.stop());

const storm = 9;

it('a storm pages a person once for each, then in one message for all, and stops with the acknowledgements', async () => {
  const teamId = await seedTeam(vigil.db);
  const ann = await seedPerson(vigil.db, { name: 'ann', roles: ['responder'], delaysMinutes: [0, 5] });
  const rungs = [{ targets: [{ kind: 'person' as const, personId: ann }], ackWithinMs: 15 * minuteMs }];
  const serviceId = await seedService(vigil.db, teamId, ann, { rungs, catchAllPersonId: ann });
  const open = (number: number) => {
    const alert = { serviceId, severity: 1, title: `Disk ${number} is full`, dedupKey: `disk-${number}` } as const;
    return vigil.db.transaction((tx) => acceptTrigger(tx, { ...alert, reportedBy: 'test' }));
  };
  const opened = await Promise.all(Array.from({ length: storm }, (_, number) => open(number)));
  const ids = opened.map(({ escalationId }) => escalationId);
  for (const id of ids) await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  expect(phones.received('ann')).toHaveLength(storm);

  await Promise.all(ids.map((id) => forward(vigil, id, 5)));
  for (const id of ids) await ladderWhen(vigil, id, ({ counts }) => counts.started === 2 && counts.in_flight === 0);
  const told = phones.received('ann').slice(storm);
  expect(told).toMatchObject([{ others: storm - 1 }]);
  const rows = await vigil.db.select().from(deliveries).where(eq(deliveries.personId, ann));
  const bundled = rows.filter(({ status }) => status === 'bundled');
  expect(bundled).toHaveLength(storm - 1);
  expect(new Set(bundled.map(({ bundledInto }) => bundledInto))).toEqual(new Set([told[0]?.deliveryId]));
  const [one] = bundled;
  const { ladder } = await readLedger(vigil.db, one?.escalationId ?? '');
  expect(ladder.counts).toMatchObject({ started: 2, sent: 1, bundled: 1, held_back: 1 });
  expect(ladder.responders).toMatchObject([{ personId: ann, heldBack: 1 }]);

  const answeredAt = new Map<string, number>();
  for (const id of ids) {
    expect((await acknowledge(vigil, id, ann)).outcome).toMatchObject({ status: 'done' });
    answeredAt.set(id, Date.now());
  }
  await Promise.all(ids.map((id) => forward(vigil, id, 60)));
  const isAfterAnswer = (id: string | null, at: number) => id === null || at > (answeredAt.get(id) ?? 0);
  expect(
    phones.log.filter(({ at, message }) => message.kind === 'page' && isAfterAnswer(message.escalationId, at)),
  ).toEqual([]);
  const { promises } = await runChecker({ databaseUrl: vigil.ownerUrl });
  const judged = promises.filter(({ promise }) => ['I1', 'I3', 'I4', 'I5'].includes(promise));
  expect(judged.flatMap(({ violations }) => violations)).toEqual([]);
  expect(judged.find(({ promise }) => promise === 'I5')?.examined).toMatchObject({ 'bundled pages': storm - 1 });
});
