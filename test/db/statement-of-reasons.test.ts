import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { writeStatement } from '#db/repositories/enforcement-notices.ts';
import { enforcementOrders, policyVersions, statementsOfReasons } from '#db/schema/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { seedWorld } from '../support/world.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 2,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

it('is written also when the cut of a long policy falls within a character', async () => {
  const world = await seedWorld(db);
  const body = `${'a'.repeat(1_999)}😀 and more`;
  const id = newId('policyVersion');
  const version = { id, policyId: world.reviewPolicyId, number: 2, body, sha256: sha256Hex(body) };
  await db.insert(policyVersions).values({ ...version, publishedBy: world.personId });
  await db.update(enforcementOrders).set({ policyVersionId: id }).where(eq(enforcementOrders.id, world.orderId));
  await writeStatement(db, world.orderId, {
    key: 'statement:1',
    type: 'writeStatementOfReasons',
    kind: 'restricted',
    appliedAt: Date.now(),
    endsAt: null,
  });
  const [written] = await db.select().from(statementsOfReasons).where(eq(statementsOfReasons.orderId, world.orderId));
  expect(written?.statement).toMatchObject({ incompatible_content_explanation: 'a'.repeat(1_999) });
});
