import { drizzle } from 'drizzle-orm/node-postgres';
import type { NodePgDatabase, NodePgTransaction } from 'drizzle-orm/node-postgres';
import type { ExtractTablesWithRelations } from 'drizzle-orm';
import type { PgTransactionConfig } from 'drizzle-orm/pg-core';
import pg from 'pg';
import * as schema from './schema/index.ts';

export type Schema = typeof schema;
export type Database = NodePgDatabase<Schema> & { $client: pg.Pool };
export type Transaction = NodePgTransaction<Schema, ExtractTablesWithRelations<Schema>>;
/** What a repository function needs: the pool, or the transaction that it is to be part of. */
export type Queryable = Database | Transaction;

export interface PoolOptions {
  readonly url: string;
  readonly size: number;
  readonly applicationName: string;
  /** Both the server's `statement_timeout` and the client's own limit, which also ends a wait for a frozen backend. */
  readonly statementTimeoutMs: number;
  /**
   * Told of connections that were lost while no query was in flight (a restart of Postgres): not fatal, the pool opens
   * new ones, and a transaction that was open fails at its next query.
   */
  readonly onIdleError: (error: Error) => void;
}

/** Opens a pool. A restart of Postgres breaks queries in flight, never the process. */
export function connectDatabase(options: PoolOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + 1_000,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
  });
  // For as long as it lives: the pool itself listens only while nobody holds the connection, and between two queries of a
  // transaction an error that nobody listens to would end the process.
  pool.on('connect', (client) => client.on('error', options.onIdleError));
  pool.on('error', () => undefined);
  const db = drizzle(pool, { schema });
  db.transaction = (work, config) => inTransaction(pool, work, config);
  return db;
}

type Work<T> = (tx: Transaction) => Promise<T>;

/**
 * A transaction whose connection comes back to the pool however it ends. The library's own begins before its `try`: each
 * connection that broke while it lay idle would be lost to the pool for ever at its next BEGIN.
 */
async function inTransaction<T>(pool: pg.Pool, work: Work<T>, config?: PgTransactionConfig): Promise<T> {
  const client = await pool.connect();
  try {
    return await drizzle(client).transaction(work as never, config);
  } finally {
    client.release();
  }
}
