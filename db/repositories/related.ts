import { sql } from 'drizzle-orm';
import type { AggregateKind } from '#domain/ids.ts';
import type { Queryable } from '../client.ts';
import type { Aggregate } from './audit-events.ts';

export interface RelatedAggregate {
  readonly kind: AggregateKind;
  readonly id: string;
}

export interface RelatedPage {
  readonly afterId?: string;
  readonly limit: number;
}

/**
 * The aggregates that one aggregate caused, each once, in the order of their ids: cases and canaries of a launch, orders
 * of a case, what follows an escalation, and every escalation that one of its effects raised or fed.
 *
 * One step only; ask again for each to go further. Nothing is related to what is no aggregate.
 */
export async function listRelated(
  db: Queryable,
  { kind, id }: Aggregate,
  page: RelatedPage,
): Promise<RelatedAggregate[]> {
  const { rows } = await db.execute<{ kind: AggregateKind; id: string }>(sql`
    SELECT DISTINCT id, kind FROM (
      SELECT 'case' AS kind, id FROM cases WHERE ${kind} = 'launch' AND launch_id = ${id}
      UNION ALL SELECT 'canary', id FROM canary_runs WHERE ${kind} = 'launch' AND launch_id = ${id}
      UNION ALL SELECT 'enforcement', id FROM enforcement_orders WHERE ${kind} = 'case' AND case_id = ${id}
      UNION ALL SELECT 'case', cases.id FROM canary_runs
        JOIN cases ON cases.product_id = canary_runs.product_id AND cases.account_ref = canary_runs.account_ref AND cases.synthetic
        WHERE ${kind} = 'canary' AND canary_runs.id = ${id}
      UNION ALL SELECT 'escalation', id FROM escalations WHERE ${kind} = 'canary' AND canary_id = ${id}
      UNION ALL SELECT 'escalation', id FROM escalations WHERE ${kind} = 'escalation' AND previous_id = ${id}
      UNION ALL SELECT 'escalation', escalation_id FROM alert_events WHERE cause_key IN (
        SELECT ${kind} || ':' || ${id} || ':' || (effect ->> 'key')
        FROM audit_events, jsonb_array_elements(data -> 'effects') AS effect
        WHERE aggregate_kind = ${kind} AND aggregate_id = ${id} AND jsonb_typeof(data -> 'effects') = 'array')
    ) AS caused
    WHERE id IS NOT NULL AND id > ${page.afterId ?? ''}
    ORDER BY id
    LIMIT ${page.limit}`);
  return rows;
}
