import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { insertCommand, settleCommand } from '#db/repositories/commands.ts';
import { deliveries, escalations } from '#db/schema/index.ts';
import { deliver } from '#gateway/deliver.ts';
import { minuteMs } from '#domain/time.ts';
import { workflowId } from '#workflows/contract.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { seedPerson, seedService, seedTeam } from '../support/seed.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
const phones = new FakePhones();

beforeAll(async () => {
  vigil = await startTestVigil({ channels: phones.channels });
});
afterAll(() => vigil.stop());

it('pages rung 1, then rung 2 after the wait, and nobody after the acknowledgement', async () => {
  const { db } = vigil;
  const team = await seedTeam(db);
  const first = await seedPerson(db, { name: 'first' });
  const second = await seedPerson(db, { name: 'second' });
  const service = await seedService(db, team, first, {
    rungs: [
      { targets: [{ kind: 'person', personId: first }], ackWithinMs: 15 * minuteMs },
      { targets: [{ kind: 'person', personId: second }], ackWithinMs: 15 * minuteMs },
    ],
    catchAllPersonId: second,
  });
  const { escalationId } = await db.transaction((tx) =>
    acceptTrigger(tx, {
      serviceId: service,
      dedupKey: 'disk',
      severity: 1,
      title: 'The disk is full',
      reportedBy: 'test',
    }),
  );
  await phones.next('first');
  await fastForward(vigil.temporal, workflowId('escalation', escalationId), 14 * 60);
  expect(phones.received('second')).toHaveLength(0);
  await fastForward(vigil.temporal, workflowId('escalation', escalationId), 2 * 60);
  await phones.next('second');

  const { row } = await insertCommand(db, {
    principalId: second,
    idempotencyKey: 'ack-1',
    mode: 'update',
    name: 'acknowledge',
    kind: 'escalation',
    aggregateId: escalationId,
    input: {},
    actor: { kind: 'person', id: second, roles: ['responder'] },
    priority: 1,
    reservedForMs: 60_000,
  });
  const outcome = await deliver(vigil.temporal, row, { deadlineMs: 10_000 });
  expect(outcome).toMatchObject({ status: 'done' });
  if (outcome.status === 'done') await db.transaction((tx) => settleCommand(tx, row, outcome));
  const [acknowledged] = await db.select().from(escalations).where(eq(escalations.id, escalationId));
  expect(acknowledged).toMatchObject({ status: 'acknowledged', acknowledgedBy: second });

  await fastForward(vigil.temporal, workflowId('escalation', escalationId), 24 * 3_600);
  expect(await db.select().from(deliveries).where(eq(deliveries.escalationId, escalationId))).toHaveLength(2);
  expect(await eventually('the ladder stays acknowledged', async () => acknowledged?.status === 'acknowledged')).toBe(
    true,
  );
});
