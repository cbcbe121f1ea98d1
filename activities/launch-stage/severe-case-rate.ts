import { sql } from 'drizzle-orm';
import type { StageProbe } from './stage-window.ts';

/**
 * Cases of severity 1 and 2 opened in the stage that people confirmed as violations, per thousand events of the stage.
 * One confirmed case of severity 1 fails the stage, however many events there were.
 */
export const severeCaseRate: StageProbe = async ({ db, launch, from, to }) => {
  const { rows } = await db.execute<{ events: number; severity_1: number; severity_2: number }>(sql`
    SELECT (SELECT count(*)::int FROM product_events
        WHERE product_id = ${launch.productId} AND NOT synthetic
          AND occurred_at >= ${from.toISOString()}::timestamptz AND occurred_at < ${to.toISOString()}::timestamptz
          AND occurred_on BETWEEN (${from.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date AND (${to.toISOString()}::timestamptz AT TIME ZONE 'UTC')::date) AS events,
      (count(*) FILTER (WHERE subject.severity = 1))::int AS severity_1,
      (count(*) FILTER (WHERE subject.severity = 2))::int AS severity_2
    FROM cases subject
    WHERE subject.product_id = ${launch.productId} AND NOT subject.synthetic AND subject.decided_at IS NOT NULL
      AND subject.opened_at >= ${from.toISOString()}::timestamptz AND subject.opened_at < ${to.toISOString()}::timestamptz
      AND (SELECT decision.verdict FROM decisions decision
        WHERE decision.case_id = subject.id AND decision.verdict IN ('violation', 'no_violation')
        ORDER BY decision.decided_at DESC, decision.id DESC LIMIT 1) = 'violation'`);
  const { events = 0, severity_1: severity1 = 0, severity_2: severity2 = 0 } = rows[0] ?? {};
  return {
    observed: events === 0 ? null : ((severity1 + severity2) * 1_000) / events,
    population: events,
    ...(severity1 > 0 ? { verdict: 'fail' } : {}),
    facts: { events, severity1, severity2 },
  };
};
