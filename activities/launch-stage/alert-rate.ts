import { sql } from 'drizzle-orm';
import { binomialUpperTail } from '#domain/stats/binomial.ts';
import { dayMs } from '#domain/time.ts';
import type { StageProbe } from './stage-window.ts';

/** How far back the rate before the stage is looked up. */
const baselineMs = 28 * dayMs;

/**
 * How likely so many alerts among the stage's events would be, had their rate stayed as it was before the stage. Given
 * all alerts, those of the stage are binomial with the stage's share of the events, so a thin past makes it harder to
 * call a rise one. Without events before the stage there is nothing to compare with.
 */
export const alertRate: StageProbe = async ({ db, launch, from, to }) => {
  const baseline = new Date(from.getTime() - baselineMs);
  const counted = async (start: Date, end: Date) => {
    const { rows } = await db.execute<{ events: number; alerts: number }>(sql`
      SELECT (SELECT count(*)::int FROM product_events
          WHERE product_id = ${launch.productId} AND NOT synthetic
            AND occurred_at >= ${start.toISOString()}::timestamptz AND occurred_at < ${end.toISOString()}::timestamptz
            AND occurred_on BETWEEN (${start.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date AND (${end.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date) AS events,
        (SELECT count(*)::int FROM signals
          WHERE product_id = ${launch.productId} AND NOT synthetic AND mode <> 'shadow'
            AND occurred_at >= ${start.toISOString()}::timestamptz AND occurred_at < ${end.toISOString()}::timestamptz) AS alerts`);
    return { events: rows[0]?.events ?? 0, alerts: rows[0]?.alerts ?? 0 };
  };
  const before = await counted(baseline, from);
  const during = await counted(from, to);
  const facts = { before, during };
  if (during.events === 0) return { observed: null, population: 0, facts };
  if (before.events === 0) return { observed: 1, population: during.events, verdict: 'inconclusive', facts };
  const share = during.events / (before.events + during.events);
  const chance = binomialUpperTail(during.alerts, before.alerts + during.alerts, share);
  return { observed: chance, population: during.events, facts };
};
