import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dayMs, toIso } from '#domain/time.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { findDetectorVersion } from '#db/repositories/detectors.ts';
import { insertProductEvents, readProductEvents } from '#db/repositories/product-events.ts';
import { fileSignals } from '#db/repositories/signals.ts';
import { signals } from '#db/schema/index.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let db: Database;
let world: CaseWorld;

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
beforeEach(async () => {
  world = await buildCaseWorld(db);
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

it('files as many findings of one window as a SQL detector may return', async () => {
  const detectorVersionId = await seedDetector(world);
  const detector = await findDetectorVersion(db, detectorVersionId);
  if (!detector) throw new Error('no detector');
  const { productId, teamId, harm, severity } = detector;
  const found = Array.from({ length: 10_000 }, (_, index) => ({
    accountRef: `acct_${index % 20}`,
    score: 0.9,
    eventId: null,
    contentId: null,
    occurredAt: Date.now(),
    synthetic: false,
    dedupeKey: `finding-${index}`,
  }));
  const source = { detectorVersionId, productId, teamId, harm, severity, mode: 'live' } as const;
  expect(await db.transaction((tx) => fileSignals(tx, source, found))).toEqual({ filed: 10_000, casesOpened: 20 });
  expect(await db.$count(signals, eq(signals.detectorVersionId, detectorVersionId))).toBe(10_000);
});

it('takes events of many years without a partition for each of their days', async () => {
  const partitions = async () => {
    const { rows } = await db.execute<{ count: string }>(
      sql`SELECT count(*) FROM pg_inherits WHERE inhparent = 'product_events'::regclass`,
    );
    return Number(rows[0]?.count);
  };
  const eventOn = (at: number) => ({
    sourceId: `event-${at}`,
    kind: 'message_sent',
    accountRef: 'acct',
    occurredAt: toIso(at),
    attributes: {},
    text: null,
  });
  const before = await partitions();
  const days = Array.from({ length: 400 }, (_, index) => eventOn(Date.now() - (index + 100) * dayMs));
  // Not today: a process asks for a day's partition once, and another test of it may have done so.
  const events = [...days, eventOn(Date.now() - 3 * dayMs), eventOn(Date.now() - 9 * dayMs)];
  expect(await db.transaction((tx) => insertProductEvents(tx, world.productId, events))).toBe(402);
  expect(await partitions()).toBe(before + 2);
  const read = () =>
    readProductEvents(db, world.productId, { transactionId: '0', seq: 0 }, { limit: 500, withText: false });
  // Events are shown once no older transaction of the server is open, and other tests have theirs.
  await expect.poll(async () => (await read()).length, { timeout: 20_000 }).toBe(402);
});
