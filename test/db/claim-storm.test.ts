import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database, Transaction } from '#db/client.ts';
import { claimCommands, claimUrgent } from '#db/repositories/command-claims.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';

let database: TestDatabase;
let db: Database;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 2,
    applicationName: 'vigil-test',
    statementTimeoutMs: 60_000,
    onIdleError: () => undefined,
  });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query('ALTER TABLE commands SET (autovacuum_enabled = false)');
});
afterAll(async () => {
  await owner?.end();
  await db?.$client.end();
  await database?.drop();
});

/** So many commands of one service, each for a workflow of its own and as large as one that opens an escalation. */
const leave = (from: number, count: number, status: string, priority = 3) =>
  owner.query(
    `INSERT INTO commands (id, principal_id, idempotency_key, request_sha256, mode, name, aggregate_kind, aggregate_id,
       workflow_id, input, actor, priority, status, share_key, created_at, settled_at)
     SELECT 'cmd_' || lpad(n::text, 12, '0'), 'vigil', 'key-' || n, repeat('0', 64), 'start', 'open', 'escalation', 'esc_' || n,
       'escalation:esc_' || n, jsonb_build_object('policy', repeat('x', 1500)), '{"kind":"system","id":"vigil"}', $4, $3,
       'service', now() - interval '1 minute', CASE WHEN $3 <> 'pending' THEN now() END
     FROM generate_series($1::int, $1::int + $2::int - 1) n`,
    [from, count, status, priority],
  );

/** How many entries of its indexes and rows of the table one claim of eight reads. */
async function readBy(claim: (tx: Transaction) => Promise<readonly unknown[]>): Promise<number> {
  const before = await entriesRead();
  expect(await db.transaction(claim)).toHaveLength(8);
  return (await entriesRead()) - before;
}
async function entriesRead(): Promise<number> {
  // Each connection keeps its counts to itself for a while.
  await db.execute(sql`SELECT pg_stat_force_next_flush()`);
  await owner.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await owner.query<{ read: string }>(
    `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) + (
       SELECT sum(idx_tup_read) FROM pg_stat_all_indexes WHERE relname = 'commands') AS read
     FROM pg_stat_all_tables WHERE relname = 'commands'`,
  );
  return Number(rows[0]?.read ?? 0);
}

describe('a claim beside 40,000 commands that wait', () => {
  it.each([
    ['has never looked', async () => undefined],
    ['has just looked', () => owner.query('ANALYZE commands')],
    [
      'looked when most were done',
      async () => {
        await owner.query("UPDATE commands SET status = 'done', settled_at = now() WHERE id > 'cmd_000000001000'");
        await owner.query('ANALYZE commands');
        await owner.query("UPDATE commands SET status = 'pending', settled_at = NULL WHERE status = 'done'");
      },
    ],
  ])('reads few of them when the planner %s', async (_, look) => {
    await owner.query('TRUNCATE commands CASCADE');
    await leave(1, 40_000, 'pending');
    await look();
    await expectFewRead();
  });

  it('reads few of them when the planner looked at an empty queue', async () => {
    await owner.query('TRUNCATE commands CASCADE');
    await leave(50_001, 600, 'done');
    await owner.query('ANALYZE commands');
    await leave(1, 40_000, 'pending');
    await expectFewRead();
  });

  async function expectFewRead(): Promise<void> {
    expect(await readBy((tx) => claimCommands(tx, 8))).toBeLessThan(2_000);
    await leave(40_001, 20, 'pending', 1);
    expect(await readBy((tx) => claimUrgent(tx, 8))).toBeLessThan(2_000);
  }
});
