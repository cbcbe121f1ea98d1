import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqlDetector } from '#activities/clients/sql-detector.ts';
import type { SqlDetector, SqlDetectorRun } from '#activities/clients/sql-detector.ts';
import { hourMs, toIso } from '#domain/time.ts';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';

const start = Date.UTC(2026, 4, 1, 10);
const end = start + hourMs;
const velocity = `
  -- accounts that sent a lot in the window
  SELECT account_ref, least(count(*) / 5.0, 1.0) AS score, array_agg(source_id ORDER BY source_id) AS event_ids
  FROM product_events
  WHERE product_id = $1 AND occurred_at >= $2 AND occurred_at < $3
  GROUP BY account_ref HAVING count(*) >= 3 ORDER BY account_ref -- no semicolon`;

let database: TestDatabase;
let owner: Pool;
let pool: Pool;
let detector: SqlDetector;

const runOf = (sql: string): SqlDetectorRun => ({ sql, productId: 'prd_1', windowStartAt: start, windowEndAt: end });
const run = (sql: string) => detector.run(runOf(sql));

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Pool({ connectionString: database.ownerUrl, max: 2 });
  // One connection, so that whatever a run leaves behind would be met by the next.
  pool = new Pool({ connectionString: database.detectorUrl, max: 1 });
  for (const one of [owner, pool]) one.on('error', () => {});
  detector = createSqlDetector({ pool, timeoutMs: 20_000 });
  const add = (product: string, account: string, at: number, n: number) =>
    owner.query(
      `INSERT INTO product_events (occurred_on, product_id, source_id, id, kind, account_ref, attributes, occurred_at)
       VALUES ($1::timestamptz::date, $2, $3, $3, 'message_sent', $4, '{}', $1)`,
      [toIso(at), product, `${account}-${n}`, account],
    );
  for (let n = 0; n < 5; n++) await add('prd_1', 'loud', start + n, n);
  for (let n = 0; n < 3; n++) await add('prd_1', 'busy', end - 1 - n, n);
  for (let n = 0; n < 2; n++) await add('prd_1', 'quiet', start + n, n);
  for (let n = 0; n < 9; n++) await add('prd_1', 'late', end + n, n);
  for (let n = 0; n < 9; n++) await add('prd_2', 'other', start + n, n);
});
afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

describe('a SQL detector', () => {
  it('finds accounts of its product in its window, the end excluded', async () => {
    await expect(run(velocity)).resolves.toEqual({
      isCapped: false,
      hits: [
        {
          eventId: null,
          accountRef: 'busy',
          score: 0.6,
          occurredAt: end - 1,
          eventIds: ['busy-0', 'busy-1', 'busy-2'],
        },
        {
          eventId: null,
          accountRef: 'loud',
          score: 1,
          occurredAt: end - 1,
          eventIds: ['loud-0', 'loud-1', 'loud-2', 'loud-3', 'loud-4'],
        },
      ],
    });
  });

  it('finds nobody of another product, although its SQL names none', async () => {
    const sql = `SELECT DISTINCT account_ref, 1 AS score, NULL AS event_ids FROM product_events ORDER BY account_ref`;
    const { hits } = await run(sql);
    expect(hits.map(({ accountRef }) => accountRef)).toEqual(['busy', 'late', 'loud', 'quiet']);
  });

  it('need not use every parameter, may use WITH, and may leave the event ids out as null', async () => {
    const sql = `WITH one AS (SELECT 'a' AS account_ref) SELECT account_ref, 0.5 AS score, NULL AS event_ids FROM one`;
    await expect(run(sql)).resolves.toMatchObject({ hits: [{ accountRef: 'a', score: 0.5, eventIds: [] }] });
  });

  it('says when there was more than it may return, and cuts the event ids', async () => {
    const capped = createSqlDetector({ pool, maxRows: 3 });
    const rows = (count: number) =>
      `SELECT 'a' || n AS account_ref, 1 AS score, array_fill('e'::text, ARRAY[500]) AS event_ids FROM generate_series(1, ${count}) n`;
    const answer = await capped.run(runOf(rows(4)));
    expect(answer).toMatchObject({
      isCapped: true,
      hits: [{ accountRef: 'a1' }, { accountRef: 'a2' }, { accountRef: 'a3' }],
    });
    expect(answer.hits[0]?.eventIds).toHaveLength(100);
    await expect(capped.run(runOf(rows(3)))).resolves.toMatchObject({ isCapped: false });
  });

  it.each([
    ['a score above 1', `SELECT 'a' AS account_ref, 1.5 AS score, NULL AS event_ids`, 'score'],
    ['a score that is no number', `SELECT 'a' AS account_ref, 'NaN'::float8 AS score, NULL AS event_ids`, 'score'],
    ['no score', `SELECT 'a' AS account_ref, NULL AS score, NULL AS event_ids`, 'score'],
    ['no account', `SELECT NULL AS account_ref, 1 AS score, NULL AS event_ids`, 'account_ref'],
    ['a long account', `SELECT repeat('x', 201) AS account_ref, 1 AS score, NULL AS event_ids`, 'account_ref'],
    [
      'an account on two lines',
      `SELECT e'a\\nb' AS account_ref, 1 AS score, NULL AS event_ids`.replace(`e'a\\nb'`, `'a' || chr(10) || 'b'`),
      'account_ref',
    ],
    ['a hole among the events', `SELECT 'a' AS account_ref, 1 AS score, ARRAY['x', NULL] AS event_ids`, 'event_ids'],
  ])('refuses a row with %s', async (_, sql, column) => {
    await expect(run(sql)).rejects.toMatchObject({ code: 'detector.rows_invalid', detail: { row: 0, column } });
  });
});

describe('what the SQL may not do', () => {
  it.each([
    'SELECT 1; DROP TABLE product_events',
    'DELETE FROM product_events',
    `SELECT 'a', 1, NULL) AS found; DROP TABLE product_events; --`,
  ])('%s is refused before it is sent', async (sql) => {
    await expect(run(sql)).rejects.toMatchObject({ code: 'detector.sql_invalid' });
  });

  const hit = `SELECT 'a' AS account_ref, 1 AS score, NULL AS event_ids`;
  it.each<[string, string, string]>([
    ['a second statement, by the protocol alone', 'not checked here', '42601'],
    ['another column', 'SELECT 1 AS one', '42703'],
    ['a broken text', 'SELECT FROM WHERE', '42601'],
    ['another table', `SELECT id AS account_ref, 1 AS score, NULL AS event_ids FROM persons`, '42501'],
    ['the content', `SELECT body AS account_ref, 1 AS score, NULL AS event_ids FROM content_items`, '42501'],
    ['a change inside WITH', `WITH gone AS (DELETE FROM product_events RETURNING 1) ${hit}`, '0A000'],
    ['a new table', `SELECT 'a' AS account_ref, 1 AS score, NULL AS event_ids INTO copied`, '42601'],
    ['a sequence', `${hit} FROM nextval('product_events_seq_seq')`, '42501'],
    ['leaving read-only', `${hit} FROM set_config('transaction_read_only', 'off', true)`, '25001'],
    ['a partition, by a function of the schema', `${hit} FROM ensure_product_event_partition('2020-01-01')`, '42501'],
    ['the file system', `${hit} FROM pg_read_file('/etc/passwd')`, '42501'],
    ['another role', `${hit} FROM set_config('role', 'vigil_app', true)`, '42501'],
    ['a number that is none', `SELECT 'a' AS account_ref, ('CANARY' || $1)::int AS score, NULL AS event_ids`, '22P02'],
  ])('%s', async (_, sql, sqlState) => {
    if (sql === 'not checked here') {
      await expect(pool.query('SELECT $1::int; SELECT 2', [1])).rejects.toMatchObject({ code: sqlState });
      return;
    }
    const error: unknown = await run(sql).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'detector.sql_refused', detail: { sqlState } });
    expect(JSON.stringify([error, (error as Error).stack, (error as Error).cause])).not.toContain('CANARY');
  });

  it('run longer than its time', async () => {
    const quick = createSqlDetector({ pool, timeoutMs: 100 });
    const sql = `SELECT 'a' AS account_ref, 1 AS score, NULL AS event_ids FROM pg_sleep(30)`;
    await expect(quick.run(runOf(sql))).rejects.toMatchObject({ code: 'detector.sql_too_slow' });
    const longer = `${sql}, set_config('statement_timeout', '0', false)`;
    await expect(quick.run(runOf(longer))).rejects.toMatchObject({ code: 'detector.sql_too_slow' });
  });

  it('leave anything behind for the next user of the connection', async () => {
    const sql = `SELECT 'a' AS account_ref, 1 AS score, NULL AS event_ids
      FROM pg_advisory_lock(77), set_config('search_path', 'nowhere', false), pg_notify('commands', 'x')`;
    await expect(run(sql)).resolves.toMatchObject({ hits: [{ accountRef: 'a' }] });
    await expect(owner.query('SELECT pg_try_advisory_lock(77) AS free')).resolves.toMatchObject({
      rows: [{ free: true }],
    });
    await expect(run(velocity)).resolves.toMatchObject({ isCapped: false });
  });
});

describe('a database in trouble', () => {
  it('costs this run and not the next', async () => {
    const running = run(`SELECT 'a' AS account_ref, 1 AS score, NULL AS event_ids FROM pg_sleep(15)`);
    const failed = expect(running).rejects.toMatchObject({ code: 'service.unavailable' });
    let killed = 0;
    while (killed === 0) {
      const { rowCount } = await owner.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vigil_detector' AND datname = current_database() AND query LIKE '%pg_sleep%'`,
      );
      killed = rowCount ?? 0;
    }
    await failed;
    await expect(run(velocity)).resolves.toMatchObject({ isCapped: false });
  });

  it('that freezes is given up by the client, and the connection with it', async () => {
    const { port, hostname } = new URL(database.detectorUrl);
    let isFrozen = false;
    const proxy = createServer((inner) => {
      const outer = connect(Number(port), hostname);
      inner.pipe(outer);
      outer.on('data', (bytes) => isFrozen || inner.write(bytes));
      for (const socket of [inner, outer]) socket.on('error', () => {});
      inner.on('close', () => outer.destroy());
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const url = new URL(database.detectorUrl);
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const through = new Pool({ connectionString: url.href, max: 1 });
    const behindProxy = createSqlDetector({ pool: through, timeoutMs: 3_000 });
    await expect(behindProxy.run(runOf(velocity))).resolves.toMatchObject({ isCapped: false });
    isFrozen = true;
    await expect(behindProxy.run(runOf(velocity))).rejects.toMatchObject({ code: 'service.unavailable' });
    isFrozen = false;
    await expect(behindProxy.run(runOf(velocity))).resolves.toMatchObject({ isCapped: false });
    await through.end();
    proxy.close();
  });

  it('is unavailable when it cannot be reached', async () => {
    const nowhere = new Pool({ connectionString: 'postgres://x:y@127.0.0.1:1/z', connectionTimeoutMillis: 500 });
    await expect(createSqlDetector({ pool: nowhere }).run(runOf(velocity))).rejects.toMatchObject({
      code: 'service.unavailable',
    });
    await nowhere.end();
  });
});
