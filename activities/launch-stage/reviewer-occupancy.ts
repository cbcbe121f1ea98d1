import { sql } from 'drizzle-orm';
import { erlangC } from '#domain/stats/erlang-c.ts';
import { countHolders } from '../launch-probes/people.ts';
import type { StageProbe } from './stage-window.ts';

/**
 * How busy the team's reviewers were in the hour of the stage that brought the most tasks: the work of that hour, at the
 * mean time from claim to decision, over the people who may review. Nobody to review is an occupancy without measure.
 */
export const reviewerOccupancy: StageProbe = async ({ db, launch, from, to }) => {
  const { rows } = await db.execute<{ busiest: number | null; handled: number; minutes: number | null }>(sql`
    WITH stage AS (
      SELECT task.created_at, task.lease_claimed_at, task.settled_at, task.status
      FROM review_tasks task JOIN cases subject ON subject.id = task.case_id
      WHERE subject.product_id = ${launch.productId}
        AND task.created_at >= ${from.toISOString()}::timestamptz AND task.created_at < ${to.toISOString()}::timestamptz)
    SELECT (SELECT max(tasks)::int FROM (SELECT count(*) AS tasks FROM stage GROUP BY date_trunc('hour', created_at)) hours) AS busiest,
      (count(*) FILTER (WHERE status = 'decided' AND lease_claimed_at IS NOT NULL))::int AS handled,
      (avg(extract(epoch FROM settled_at - lease_claimed_at) / 60) FILTER (WHERE status = 'decided'))::float8 AS minutes
    FROM stage`);
  const { busiest = null, handled = 0, minutes = null } = rows[0] ?? {};
  const reviewers = await countHolders(db, launch.teamId, ['reviewer', 'sensitive_reviewer']);
  const facts = { busiest, handled, minutes, reviewers };
  if (busiest === null || minutes === null || minutes <= 0 || reviewers === 0)
    return { observed: null, population: 0, facts };
  return { observed: erlangC(busiest, minutes, reviewers).occupancy, population: handled, facts };
};
