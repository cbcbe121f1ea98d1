import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { startAction } from '#db/repositories/enforcement.ts';
import { engageKillSwitch } from '#db/repositories/kill-switches.ts';
import { enforcementOrders, killSwitches } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { ToldOrder } from '../support/told-order.ts';
import { seedWorld } from '../support/world.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 4,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

const waitsForALock = () =>
  expect
    .poll(
      async () => {
        const { rows } = await db.execute(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        return rows.length;
      },
      { timeout: 15_000 },
    )
    .toBeGreaterThan(0);

it('that is being engaged holds back the call that comes at the same moment', async () => {
  const world = await seedWorld(db);
  await db.delete(killSwitches);
  const order = new ToldOrder({ orderId: world.orderId }).open();
  await db.update(enforcementOrders).set({ state: order.state }).where(eq(enforcementOrders.id, world.orderId));
  const [apply] = order.of('applyAction');
  if (!apply) throw new Error('the order does not ask the platform');
  let started: ReturnType<typeof startAction> | undefined;
  await db.transaction(async (tx) => {
    await engageKillSwitch(tx, world.productId, world.personId);
    started = startAction(db, world.orderId, apply);
    await waitsForALock();
  });
  expect(await started).toEqual({ go: false, because: 'stopped_by_kill_switch', attempts: 0 });
});
