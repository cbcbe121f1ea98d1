import { sql } from 'drizzle-orm';
import type { StageProbe } from './stage-window.ts';

/** The 95th percentile of the time from an event of the stage to its arrival. */
export const dataDelay: StageProbe = async ({ db, launch, from, to }) => {
  const { rows } = await db.execute<{ events: number; p95_ms: number | null }>(sql`
    SELECT count(*)::int AS events,
      percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, extract(epoch FROM received_at - occurred_at) * 1000)::float8) AS p95_ms
    FROM product_events
    WHERE product_id = ${launch.productId} AND NOT synthetic
      AND occurred_at >= ${from.toISOString()}::timestamptz AND occurred_at < ${to.toISOString()}::timestamptz
      AND occurred_on BETWEEN (${from.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date AND (${to.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date`);
  const { events = 0, p95_ms: p95Ms = null } = rows[0] ?? {};
  return { observed: p95Ms, population: events, facts: { events, p95Ms } };
};
