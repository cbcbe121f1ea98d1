import { sql } from 'drizzle-orm';
import type { AggregateKind } from '#domain/ids.ts';
import type { Transaction } from '../client.ts';

/**
 * Gives the relay the start of a workflow once more, of which neither Temporal nor the record knows anything; false where
 * there is none that was done. One that Temporal knows after all is not started a second time.
 */
export async function startAgain(tx: Transaction, kind: AggregateKind, id: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    WITH again AS (
      UPDATE commands SET status = 'pending', outcome = NULL, settled_at = NULL, attempts = 0, next_attempt_at = to_timestamp(0)
      WHERE aggregate_kind = ${kind} AND aggregate_id = ${id} AND mode = 'start' AND status = 'done' RETURNING 1)
    SELECT pg_notify('vigil_commands', '') FROM again LIMIT 1`);
  return rows.length > 0;
}
