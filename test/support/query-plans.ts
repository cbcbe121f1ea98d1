import type pg from 'pg';
import type { Database } from '#db/client.ts';

interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

type Asked = string | { readonly text: string; readonly values?: unknown[] };

/** Listens to what a pool asks Postgres from now on. Its connections must not have been opened yet. */
export function listenToStatements(db: Database) {
  const asked: Statement[] = [];
  db.$client.on('connect', (client: pg.PoolClient) => {
    const query = client.query.bind(client) as (...all: unknown[]) => unknown;
    client.query = ((what: Asked, ...more: unknown[]) => {
      const { text, values = [] } = typeof what === 'string' ? { text: what } : what;
      asked.push({ text, values: Array.isArray(more[0]) ? more[0] : values });
      return query(what, ...more);
    }) as typeof client.query;
  });
  return {
    /** The statements that `work` makes of those that read or write rows, with how each would be carried out. */
    async plansOf(work: () => Promise<unknown>): Promise<string[]> {
      asked.length = 0;
      await work();
      const made = asked.filter(({ text }) => /^\s*(select|with|insert|update|delete)\b/i.test(text));
      const plans: string[] = [];
      for (const statement of made) plans.push(await explain(db.$client, statement));
      return plans;
    },
  };
}

/** How Postgres would carry the statement out now; it is not carried out. */
export async function explain(client: pg.Pool | pg.ClientBase, { text, values }: Statement): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

/** The tables that a plan reads from their first row to their last. */
export const tablesReadWhole = (plan: string): string[] =>
  [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table ?? '');
