import { eq, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { minuteMs } from '#domain/time.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { contactMethods, deliveries } from '#db/schema/index.ts';
import { answerJson, startLoopbackServer } from '../support/loopback-server.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

/** Two worker processes with a relay each; one is killed while it sends. */
let vigil: TestVigil;
let phone: LoopbackServer;
let doomed: WorkerProcess;
let survivor: WorkerProcess;
const held: (() => void)[] = [];
let isHolding = true;

beforeAll(async () => {
  // Whoever calls waits for the answer until the kill, so that both processes have calls in their hands at that moment.
  phone = await startLoopbackServer((response) => {
    if (isHolding) held.push(() => answerJson(response, {}));
    else answerJson(response, {});
  });
  vigil = await startTestVigil();
  await vigil.pause();
  [doomed, survivor] = await Promise.all([
    startWorkerProcess(vigil, phone.hostPort),
    startWorkerProcess(vigil, phone.hostPort),
  ]);
});
afterAll(async () => {
  await doomed?.kill();
  await survivor?.kill();
  await vigil?.stop();
  await phone?.[Symbol.asyncDispose]();
});

it('case 17: two workers, kill −9 during the send: no page is lost, and at most one duplicate of each, marked', async () => {
  const count = 24;
  const personId = await seedPerson(vigil.db, { name: 'oncall' });
  await vigil.db
    .update(contactMethods)
    .set({ address: `${phone.url}/phones/oncall` })
    .where(eq(contactMethods.personId, personId));
  const rung = { targets: [{ kind: 'person' as const, personId }], ackWithinMs: 60 * minuteMs };
  const serviceId = await seedService(vigil.db, await seedTeam(vigil.db), personId, {
    rungs: [rung],
    catchAllPersonId: personId,
  });
  const ids = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const alert = { serviceId, dedupKey: `kill-${index}`, severity: 1 as const, title: 'Disk', reportedBy: 'test' };
      return (await vigil.db.transaction((tx) => acceptTrigger(tx, alert))).escalationId;
    }),
  );
  await eventually('every page is in the hands of one of them', async () => held.length === count, 60_000);
  await doomed.kill();
  isHolding = false;
  for (const answer of held) answer();
  const rows = await eventually(
    'every page is settled',
    async () => {
      const all = await vigil.db.select().from(deliveries).where(inArray(deliveries.escalationId, ids));
      return all.length === count && all.every(({ settledAt }) => settledAt !== null) ? all : null;
    },
    90_000,
  );
  const calls = Map.groupBy(
    phone.received.map(({ body }) => JSON.parse(body) as { deliveryId: string; possibleDuplicate: boolean }),
    ({ deliveryId }) => deliveryId,
  );
  expect(new Set(calls.keys())).toEqual(new Set(rows.map(({ id }) => id)));
  for (const row of rows) {
    const marks = calls.get(row.id)?.map(({ possibleDuplicate }) => possibleDuplicate);
    expect([[false], [false, true]]).toContainEqual(marks);
    expect(row).toMatchObject({ status: 'delivered', possibleDuplicate: marks?.length === 2 });
  }
  // Both had work: otherwise nothing was killed in the middle, or nothing went on.
  const repeated = rows.filter(({ possibleDuplicate }) => possibleDuplicate).length;
  expect(repeated).toBeGreaterThan(0);
  expect(repeated).toBeLessThan(count);
});
