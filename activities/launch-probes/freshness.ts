import { sql } from 'drizzle-orm';
import { dayMs } from '#domain/time.ts';
import type { Probe } from './measured.ts';

/** Twice the day that the catalogue asks for, so that a product with events every few hours fills it. */
const lookBackMs = 2 * dayMs;
/** What arrives later than this is a backfill that somebody loaded, not a delay of the stream. */
const backfillMs = 7 * dayMs;

/**
 * The 95th percentile of the time from an event to its arrival. The window is as long as events have been coming in, so a
 * stream that began an hour ago has been measured for an hour.
 */
export const freshness: Probe = async ({ db, launch }) => {
  const { rows } = await db.execute<{ events: number; p95_ms: number | null; window_ms: number | null }>(sql`
    SELECT count(*)::int AS events,
      percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(0, extract(epoch FROM received_at - occurred_at) * 1000)::float8) AS p95_ms,
      (extract(epoch FROM now() - min(received_at)) * 1000)::float8 AS window_ms
    FROM product_events
    WHERE product_id = ${launch.productId} AND NOT synthetic
      AND received_at >= now() - make_interval(secs => ${lookBackMs / 1_000})
      AND received_at - occurred_at < make_interval(secs => ${backfillMs / 1_000})
      AND occurred_on >= (now() - make_interval(secs => ${(lookBackMs + backfillMs) / 1_000}))::date - 1`);
  const row = rows[0];
  const p95Ms = row?.p95_ms ?? null;
  const windowMs = Math.round(row?.window_ms ?? 0);
  const population = row?.events ?? 0;
  return {
    observed: p95Ms,
    population,
    windowMs,
    facts: { productId: launch.productId, events: population, p95Ms, windowMs },
  };
};
