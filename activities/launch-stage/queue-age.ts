import { sql } from 'drizzle-orm';
import { defaultSlaClocks } from '#domain/review/sla.ts';
import type { Severity } from '#domain/severity.ts';
import { secondMs } from '#domain/time.ts';
import type { StageProbe } from './stage-window.ts';

/**
 * The 90th percentile of how long the stage's tasks waited for a person's first look, in parts of what their severity
 * allows. A task that nobody has looked at counts with its wait until the end of the stage.
 */
export const queueAge: StageProbe = async ({ db, launch, from, to }) => {
  const allowed = (severity: Severity) => defaultSlaClocks[severity].firstLookMs / secondMs;
  const { rows } = await db.execute<{ tasks: number; p90: number | null }>(sql`
    SELECT count(*)::int AS tasks, percentile_cont(0.9) WITHIN GROUP (ORDER BY (extract(epoch FROM
        least(coalesce(task.lease_claimed_at, task.settled_at, ${to.toISOString()}::timestamptz), ${to.toISOString()}::timestamptz) - task.created_at)
        / CASE task.severity WHEN 1 THEN ${allowed(1)}::float8 WHEN 2 THEN ${allowed(2)} WHEN 3 THEN ${allowed(3)} ELSE ${allowed(4)} END)::float8) AS p90
    FROM review_tasks task JOIN cases subject ON subject.id = task.case_id AND NOT subject.synthetic
    WHERE subject.product_id = ${launch.productId}
      AND task.created_at >= ${from.toISOString()}::timestamptz AND task.created_at < ${to.toISOString()}::timestamptz`);
  const { tasks = 0, p90 = null } = rows[0] ?? {};
  return { observed: p90, population: tasks, facts: { tasks, p90 } };
};
