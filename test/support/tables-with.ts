import { sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';

/** The names of all tables that hold the text in any column of any row, and how many tables were searched. */
export async function tablesWith(db: Database, text: string): Promise<{ hits: string[]; searched: number }> {
  const { rows: tables } = await db.execute<{ name: string }>(
    sql`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const hits: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.execute(
      sql`SELECT 1 FROM ${sql.identifier(name)} t WHERE position(${text} IN to_jsonb(t)::text) > 0`,
    );
    if (rows.length > 0) hits.push(name);
  }
  return { hits, searched: tables.length };
}
