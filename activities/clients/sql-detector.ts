import type { Pool, PoolClient, QueryConfig } from 'pg';
import { DatabaseError } from 'pg';
import { z } from 'zod';
import type { Hit } from '#domain/detection/detector.ts';
import { sqlProblems } from '#domain/detection/sql-text.ts';
import { VigilError } from '#domain/errors.ts';
import { secondMs, toIso } from '#domain/time.ts';

export interface SqlDetectorRun {
  /** One SELECT of `account_ref`, `score` and `event_ids`; may use $1 (product), $2 and $3 (the window, its end excluded). */
  readonly sql: string;
  readonly productId: string;
  readonly windowStartAt: number;
  readonly windowEndAt: number;
}

/** An account that the SQL found over the window; `occurredAt` is the window's last millisecond. */
export interface AccountHit extends Hit {
  readonly eventId: null;
  /** At most `mostEventIds`, as evidence. */
  readonly eventIds: readonly string[];
}

export interface SqlDetectorAnswer {
  readonly hits: readonly AccountHit[];
  /** True when there was more than `maxRows`: the rest is not known, so the run is degraded. */
  readonly isCapped: boolean;
}

/**
 * Runs SQL detectors. The pool must connect as the role that may read product events and nothing else: the read-only
 * transaction and the checks of the text are the second and third wall, not the first.
 */
export interface SqlDetector {
  /**
   * Fails with a `VigilError`: `detector.sql_invalid` before anything is sent, `detector.sql_refused` (with the
   * SQLSTATE; never the message, which may quote data), `detector.sql_too_slow`, `detector.rows_invalid`, or
   * `service.unavailable`. Leaves no trace in the database: every run is rolled back.
   */
  run(run: SqlDetectorRun): Promise<SqlDetectorAnswer>;
}

const mostEventIds = 100;

const row = z.object({
  account_ref: z.string().regex(/^\P{Cc}{1,200}$/u),
  score: z.number().min(0).max(1),
  event_ids: z.array(z.string().max(200)).nullable(),
});

export function createSqlDetector(options: {
  readonly pool: Pool;
  /** The server's limit for one query. The client gives up a second later, should the server be frozen. Default 5 seconds. */
  readonly timeoutMs?: number;
  /** Default 10,000, the cap per rule version and day of the field's large stores. */
  readonly maxRows?: number;
}): SqlDetector {
  const { pool, timeoutMs = 5 * secondMs, maxRows = 10_000 } = options;

  const within = (client: PoolClient, text: string, values: readonly string[] = []) => {
    // pg takes the limit per query, its types do not know it.
    const query: QueryConfig & { query_timeout: number } = { text, query_timeout: timeoutMs + secondMs };
    return client.query(values.length > 0 ? { ...query, values: [...values] } : query);
  };

  async function rowsOf(client: PoolClient, run: SqlDetectorRun): Promise<readonly unknown[]> {
    await within(client, `BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL timezone = 'UTC'`);
    const values = [run.productId, toIso(run.windowStartAt), toIso(run.windowEndAt)];
    return (await within(client, wrapped(run.sql, maxRows + 1), values)).rows as readonly unknown[];
  }

  return {
    async run(run) {
      const [problem] = sqlProblems(run.sql);
      if (problem) throw new VigilError('detector.sql_invalid', { ...problem });
      const client = await pool.connect().catch((error: unknown) => {
        throw toVigilError(error);
      });
      client.on('error', ignoreError);
      let isClean = false;
      try {
        const rows = await rowsOf(client, run).catch((error: unknown) => {
          isClean = error instanceof DatabaseError;
          throw toVigilError(error);
        });
        isClean = true;
        return {
          hits: rows.slice(0, maxRows).map((found, index) => hitOf(found, index, run)),
          isCapped: rows.length > maxRows,
        };
      } finally {
        await release(client, isClean);
      }
    },
  };
}

const prefix =
  'WITH detector_input AS (SELECT $1::text, $2::timestamptz, $3::timestamptz),\n' +
  'product_events AS NOT MATERIALIZED (SELECT * FROM public.product_events WHERE product_id = $1)\n' +
  `SELECT left(account_ref::text, 201) AS account_ref, score::float8 AS score, (event_ids::text[])[1:${mostEventIds}] AS event_ids FROM (\n`;

/**
 * As a subquery only a SELECT is grammatical, and it cannot change data from a WITH; the row limit is the server's. The
 * first line gives the parameters their types, also when the SQL does not use them. The second keeps a SQL that forgets
 * to name its product from finding accounts of another one.
 */
const wrapped = (sql: string, limit: number): string => `${prefix}${sql}\n) AS found LIMIT ${limit}`;

function hitOf(found: unknown, index: number, run: SqlDetectorRun): AccountHit {
  const parsed = row.safeParse(found);
  if (!parsed.success) {
    const column = parsed.error.issues[0]?.path[0];
    throw new VigilError('detector.rows_invalid', { row: index, column: typeof column === 'string' ? column : '' });
  }
  const { account_ref: accountRef, score, event_ids: eventIds } = parsed.data;
  return { eventId: null, accountRef, score, occurredAt: run.windowEndAt - 1, eventIds: eventIds ?? [] };
}

/** A connection that breaks while it is ours must not be an unhandled error, also after the query has reported it. */
const ignoreError = () => {};

/** DISCARD ALL also drops what outlives a rollback, such as advisory locks. A connection in doubt is not used again. */
async function release(client: PoolClient, isClean: boolean): Promise<void> {
  try {
    if (!isClean) return client.release(true);
    await client.query('ROLLBACK');
    await client.query('DISCARD ALL');
    client.off('error', ignoreError);
    client.release();
  } catch {
    client.release(true);
  }
}

/** Connections, resources, shutdowns, deadlocks: what another attempt may not meet again. */
const passing = /^(?:08|53|40|57P|58)/;
const queryCanceled = '57014';

function toVigilError(error: unknown): VigilError {
  // No SQLSTATE: no connection, a lost one, or a server so frozen that its own time limit did not fire.
  if (!(error instanceof DatabaseError))
    return new VigilError('service.unavailable', { service: 'postgres' }, { cause: error });
  const sqlState = error.code ?? '';
  if (sqlState === queryCanceled) return new VigilError('detector.sql_too_slow');
  if (passing.test(sqlState)) return new VigilError('service.unavailable', { service: 'postgres', sqlState });
  const position = Number(error.position ?? 0) - prefix.length;
  return new VigilError('detector.sql_refused', position > 0 ? { sqlState, position } : { sqlState });
}
