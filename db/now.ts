import { sql } from 'drizzle-orm';
import type { Queryable } from './client.ts';

/** The clock of the database, milliseconds since the epoch: the one clock of everything outside workflows. */
export async function databaseNow(db: Queryable): Promise<number> {
  const { rows } = await db.execute<{ now_ms: string }>(
    sql`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms`,
  );
  return Number(rows[0]?.now_ms);
}
