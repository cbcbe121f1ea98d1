import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { secondMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { listOpenAggregates } from '#db/repositories/open-aggregates.ts';
import type { OpenAggregate } from '#db/repositories/open-aggregates.ts';
import { workflowId } from '#workflows/contract.ts';

/** Something that is open in Postgres and that no workflow carries on: nobody will be paged, asked or told for it. */
interface Orphan extends OpenAggregate {
  /** How its workflow ended, as Temporal calls it; null when Temporal knows nothing of it. */
  readonly endedAs: string | null;
}

/** A workflow that has just ended may still be about to close its row. */
const quietForMs = 60 * secondMs;
const mostLookedAt = 20_000;
const askedAtOnce = 10;

/**
 * Looks for open aggregates whose workflow does not run, as after an operator has terminated it.
 *
 * Temporal's list of running workflows may lag, so it only tells for which to ask; each of those is asked for by its id.
 * Throws when Temporal or Postgres is away: nothing is said then.
 */
export async function findOrphans(db: Database, client: Client, quietMs = quietForMs): Promise<Orphan[]> {
  const open = await listOpenAggregates(db, quietMs, mostLookedAt);
  if (open.length === 0) return [];
  const running = new Set<string>();
  for await (const { workflowId: id } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
    running.add(id);
  const suspects = open.filter(({ kind, id }) => !running.has(workflowId(kind, id)));
  const orphans: Orphan[] = [];
  for (let from = 0; from < suspects.length; from += askedAtOnce) {
    const asked = suspects.slice(from, from + askedAtOnce).map((suspect) => orphanOf(client, suspect));
    orphans.push(...(await Promise.all(asked)).filter((orphan) => orphan !== null));
  }
  if (orphans.length === 0) return [];
  // Whatever closed its row while it was asked for has ended as it should.
  const still = new Set((await listOpenAggregates(db, quietMs, mostLookedAt)).map(({ kind, id }) => `${kind}:${id}`));
  return orphans.filter(({ kind, id }) => still.has(`${kind}:${id}`));
}

async function orphanOf(client: Client, aggregate: OpenAggregate): Promise<Orphan | null> {
  try {
    const { status } = await client.workflow.getHandle(workflowId(aggregate.kind, aggregate.id)).describe();
    return status.name === 'RUNNING' ? null : { ...aggregate, endedAs: status.name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { ...aggregate, endedAs: null };
    throw error;
  }
}
