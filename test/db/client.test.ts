import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { runStatement } from '../support/run-statement.ts';

let database: TestDatabase;
let db: Database;
let lost: Error[];
/** As long as a busy machine may need. */
const soon = { timeout: 15_000 };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => db.$client.end());

function open(): void {
  lost = [];
  const onIdleError = (error: Error) => lost.push(error);
  db = connectDatabase({
    url: database.appUrl,
    size: 2,
    applicationName: 'test-client',
    statementTimeoutMs: 2_000,
    onIdleError,
  });
}
const endBackends = () =>
  runStatement(
    database.ownerUrl,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-client'",
  );
const one = async (): Promise<number> => {
  const { rows } = await db.transaction((tx) => tx.execute<{ one: number }>(sql`SELECT 1 AS one`));
  return rows[0]?.one ?? 0;
};

describe('a connection that is lost', () => {
  it('while it lay idle is replaced', async () => {
    open();
    await Promise.all([one(), one()]);
    await endBackends();
    await expect.poll(() => db.$client.totalCount, soon).toBe(0);
    expect(lost.length).toBeGreaterThan(0);
    expect(await one()).toBe(1);
  });

  it('between two queries of a transaction fails that transaction, and nothing else', async () => {
    open();
    const broken = db.transaction(async (tx) => {
      await tx.execute(sql`SELECT 1`);
      await endBackends();
      await expect.poll(() => lost.length, soon).toBeGreaterThan(0);
      await tx.execute(sql`SELECT 1`);
    });
    await expect(broken).rejects.toThrow();
    expect(await one()).toBe(1);
  });

  it('at the very begin of a transaction comes back to the pool, however often', async () => {
    open();
    let breaking = true;
    db.$client.on('acquire', (client) => {
      if (breaking) (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    });
    for (let count = 0; count < 5; count++) await expect(one()).rejects.toThrow('Failed query: begin');
    breaking = false;
    expect(await Promise.all([one(), one(), one()])).toEqual([1, 1, 1]);
    expect(db.$client.totalCount).toBeLessThanOrEqual(2);
  });
});

it('rolls back what failed and keeps what did not', async () => {
  open();
  const seen = await db.transaction(async (tx) => {
    await tx.execute(sql`SET LOCAL statement_timeout = 1234`);
    const { rows } = await tx.execute<{ statement_timeout: string }>(sql`SHOW statement_timeout`);
    return rows[0]?.statement_timeout;
  });
  expect(seen).toBe('1234ms');
  const { rows } = await db.execute<{ statement_timeout: string }>(sql`SHOW statement_timeout`);
  expect(rows[0]?.statement_timeout).toBe('2s');
  await expect(db.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
