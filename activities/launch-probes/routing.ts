import { sql } from 'drizzle-orm';
import { harmNames, isSensitive } from '#domain/harms.ts';
import { defaultSlaClocks } from '#domain/review/sla.ts';
import type { Severity } from '#domain/severity.ts';
import { dayMs, secondMs } from '#domain/time.ts';
import { shareOf } from './measured.ts';
import type { Probe } from './measured.ts';

const windowMs = 7 * dayMs;
/** A case that has just been opened may still be on its way to its queue. */
const underwayMs = 30 * secondMs;

/**
 * The share of the product's drills of the last seven days that landed as they should: in a queue that takes their harm
 * and is as sensitive as it, at least as urgent as the case, and within the time to a first look.
 */
export const routing: Probe = async ({ db, launch }) => {
  const sensitive = harmNames.filter(isSensitive);
  const firstLookSeconds = (severity: Severity) => defaultSlaClocks[severity].firstLookMs / secondMs;
  const { rows } = await db.execute<{ case_id: string; queue_id: string | null; is_right: boolean }>(sql`
    SELECT drill.id AS case_id, queue.id AS queue_id, coalesce(
        queue.team_id = drill.team_id
        AND queue.sensitive = (drill.harm = ANY(${sql.param([...sensitive])}))
        AND (drill.harm = ANY(queue.harms) OR (cardinality(queue.harms) = 0 AND NOT EXISTS (
          SELECT 1 FROM review_queues nearer
          WHERE nearer.team_id = queue.team_id AND nearer.sensitive = queue.sensitive AND drill.harm = ANY(nearer.harms))))
        AND task.severity <= drill.severity
        AND task.created_at - drill.opened_at <= make_interval(secs => CASE drill.severity
          WHEN 1 THEN ${firstLookSeconds(1)}::float8 WHEN 2 THEN ${firstLookSeconds(2)}
          WHEN 3 THEN ${firstLookSeconds(3)} ELSE ${firstLookSeconds(4)} END), false) AS is_right
    FROM cases drill
    LEFT JOIN review_tasks task ON task.case_id = drill.id AND task.round = 1
    LEFT JOIN review_queues queue ON queue.id = task.queue_id
    WHERE drill.product_id = ${launch.productId} AND drill.synthetic
      AND drill.opened_at >= now() - make_interval(secs => ${windowMs / 1_000})
      AND (task.id IS NOT NULL OR drill.opened_at < now() - make_interval(secs => ${underwayMs / 1_000}))
    ORDER BY drill.id LIMIT 1000`);
  const lines = rows.map((row) => ({ caseId: row.case_id, queueId: row.queue_id, isRight: row.is_right }));
  const observed = shareOf(lines.map(({ isRight }) => isRight));
  return { observed, population: lines.length, windowMs, facts: { lines } };
};
