import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PagerChannel, SendOutcome } from '#activities/clients/pager-channels.ts';
import { createPagingActivities } from '#activities/paging.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { escalations } from '#db/schema/index.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';
import { openLinkedLadder } from '#test/support/linked-ladder.ts';

let database: TestDatabase;
let db: Database;
let answers: SendOutcome[];
const webhook: PagerChannel = {
  name: 'webhook',
  send: () => Promise.resolve(answers.shift() ?? { outcome: 'sent' }),
};

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
  await db?.$client.end();
  await database?.drop();
});

/** An escalation that was opened a minute ago and has its first page ordered. */
async function lateLadder() {
  const world = await openLinkedLadder(db, { isInFlight: true });
  const [page] = world.story.pages;
  if (!page) throw new Error('the ladder has paged nobody');
  const openedAt = sql`now() - interval '1 minute'`;
  await db.update(escalations).set({ openedAt }).where(eq(escalations.id, world.escalationId));
  const told: number[] = [];
  const setAt = Date.now();
  const activities = createPagingActivities({
    db,
    channels: new Map([[webhook.name, webhook]]),
    publicUrl: null,
    onFirstPage: (afterMs) => void told.push(afterMs),
  });
  return { world, told, setAt, send: () => activities.sendPage(world.escalationId, page) };
}

it('tells how long after the opening the first page was out, when its channel took it', async () => {
  const { told, setAt, send } = await lateLadder();
  answers = [{ outcome: 'failed_transient', retryAfterMs: null }];
  await expect(send()).rejects.toThrow('did not take the page');
  expect(told).toEqual([]);
  await send();
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(60_000);
  // The minute, and what the test itself took.
  expect(told[0]).toBeLessThan(60_000 + (Date.now() - setAt) + 1_000);
});

it('tells nothing of later pages', async () => {
  const { world, told, send } = await lateLadder();
  answers = [];
  await db
    .update(escalations)
    .set({ state: { ...world.story.ladder, walk: { ...world.story.ladder.walk, reached: 1 } } })
    .where(eq(escalations.id, world.escalationId));
  await send();
  expect(told).toEqual([]);
});
