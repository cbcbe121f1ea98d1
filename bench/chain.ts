import pg from 'pg';

/** Runs one query of the owner's on a connection of its own. */
export async function queryOnce<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'vigil-bench' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * When the wait of each ladder's first rung was to end, as its audit chain has it: epoch milliseconds. That is when the
 * next rung is due, however late the page of the first arrived. A ladder that has not come to wait is missing.
 */
export async function firstDeadlines(url: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await queryOnce<{ id: string; due: string }>(
    url,
    `SELECT aggregate_id AS id, max((data #>> '{state,walk,deadlineAt}')::numeric) AS due FROM audit_events
     WHERE aggregate_kind = 'escalation' AND aggregate_id = ANY($1)
     AND data #>> '{state,walk,phase}' = 'waiting' AND data #>> '{state,walk,rung}' = '0'
     GROUP BY aggregate_id`,
    [ids],
  );
  return new Map(rows.map(({ id, due }) => [id, Number(due)]));
}

/** Those of the escalations whose chain holds an acknowledgement, whatever its sender was answered. */
export async function acknowledgedOf(url: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await queryOnce<{ id: string }>(
    url,
    `SELECT DISTINCT aggregate_id AS id FROM audit_events
     WHERE aggregate_kind = 'escalation' AND aggregate_id = ANY($1) AND action = 'escalation.acknowledge'`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** What to add to this process's monotonic clock to have epoch milliseconds, as the servers of this machine count. */
export const epochOffset = (): number => Date.now() - performance.now();
