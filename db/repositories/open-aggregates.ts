import { sql } from 'drizzle-orm';
import type { AggregateKind } from '#domain/ids.ts';
import type { Queryable } from '../client.ts';

export interface OpenAggregate {
  readonly kind: AggregateKind;
  readonly id: string;
}

/**
 * What a workflow has begun and not ended, and that was quiet for so long; the quietest first, `limit` at most.
 * Each of them has a running workflow, or something is wrong.
 */
export async function listOpenAggregates(db: Queryable, quietForMs: number, limit: number): Promise<OpenAggregate[]> {
  const { rows } = await db.execute<{ kind: AggregateKind; id: string }>(sql`
    SELECT kind, id FROM (
      SELECT 'launch' AS kind, id, version, updated_at, closed_at FROM launches
      UNION ALL SELECT 'case', id, version, updated_at, closed_at FROM cases
      UNION ALL SELECT 'enforcement', id, version, updated_at, closed_at FROM enforcement_orders
      UNION ALL SELECT 'escalation', id, version, updated_at, closed_at FROM escalations
      UNION ALL SELECT 'canary', id, version, updated_at, closed_at FROM canary_runs
      UNION ALL SELECT 'heartbeat', id, version, updated_at, closed_at FROM heartbeat_monitors) AS aggregates
    WHERE closed_at IS NULL AND (version > 0 OR EXISTS (
        -- It was started, and its first record is on its way, or lost with its workflow.
        SELECT FROM commands WHERE aggregate_kind = kind AND aggregate_id = aggregates.id AND mode = 'start' AND status = 'done'))
      AND updated_at < now() - ${quietForMs} * interval '1 millisecond'
    ORDER BY updated_at LIMIT ${limit}`);
  return rows;
}
