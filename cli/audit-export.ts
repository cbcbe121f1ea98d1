import type { Client } from '@temporalio/client';
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { AggregateKind } from '#domain/ids.ts';
import { aggregateKinds } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import { workflowId } from '#workflows/contract.ts';
import { buildBundle } from './audit-bundle.ts';
import type { Bundle, LeftOut, RunHistory } from './audit-bundle.ts';
import { readChain } from './audit-chains.ts';
import type { Chain, ChainOf } from './audit-chains.ts';
import type { ApiClient } from './http.ts';
import { AwayError, ProblemError } from './http.ts';

export interface ExportOptions {
  readonly api: ApiClient;
  /** Where histories come from; null leaves them out, which the bundle says. */
  readonly histories: ((workflowId: string) => Promise<readonly RunHistory[]>) | null;
  readonly root: ChainOf;
  /** Aggregates beside the root, nearest first; what is beyond is named as left out. */
  readonly atMost: number;
  readonly now: number;
}

/**
 * Collects the audit chain of an aggregate and of all that it caused, step by step, and the histories of their workflows.
 *
 * The root must be readable: fails with a `ProblemError` otherwise. Whatever else the caller may not see, is too much, or
 * is no longer kept is named in the manifest, so that a gap is never silent.
 */
export async function exportBundle({ api, histories, root, atMost, now }: ExportOptions): Promise<Bundle> {
  const { found, tooMany } = await aggregatesFrom(api, root, atMost);
  const chains: Chain[] = [];
  const leftOut: LeftOut[] = tooMany.map((one) => ({ ...one, part: 'chain', reason: 'too_many' }));
  for (const aggregate of found) {
    const chain = await readOrNull(() => readChain(api, aggregate), aggregate === root);
    if (chain) chains.push(chain);
    else leftOut.push({ ...aggregate, part: 'chain', reason: 'not_visible' });
  }
  const runs: RunHistory[] = [];
  for (const { aggregate } of chains.filter((chain) => isAggregate(chain.aggregate))) {
    const of = histories === null ? [] : await histories(workflowId(aggregate.kind as AggregateKind, aggregate.id));
    runs.push(...of);
    if (of.length === 0)
      leftOut.push({ ...aggregate, part: 'history', reason: histories === null ? 'not_asked' : 'not_kept' });
  }
  return buildBundle({ root, exportedAt: new Date(now).toISOString(), chains, histories: runs, leftOut });
}

async function aggregatesFrom(
  api: ApiClient,
  root: ChainOf,
  atMost: number,
): Promise<{ found: ChainOf[]; tooMany: ChainOf[] }> {
  const found: ChainOf[] = [root];
  const tooMany: ChainOf[] = [];
  const known = new Set([root.id]);
  // `found` grows while it is walked: nearest first.
  for (const aggregate of found) {
    if (!isAggregate(aggregate)) continue;
    for (const one of (await readOrNull(() => listRelated(api, aggregate), aggregate === root)) ?? []) {
      if (known.has(one.id)) continue;
      known.add(one.id);
      (found.length <= atMost ? found : tooMany).push(one);
    }
  }
  return { found, tooMany };
}

async function listRelated(api: ApiClient, { kind, id }: ChainOf): Promise<ChainOf[]> {
  const items: ChainOf[] = [];
  let afterId: string | null = null;
  do {
    const path = `/v1/audit/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/related`;
    const page: { items: readonly ChainOf[]; nextAfterId: string | null } = await api.get(path, {
      limit: 200,
      afterId: afterId ?? undefined,
    });
    items.push(...page.items);
    afterId = page.nextAfterId;
  } while (afterId !== null);
  return items;
}

/** Null for what the caller may not see or what has no chain yet. */
async function readOrNull<T>(read: () => Promise<T>, isRoot: boolean): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!isRoot && error instanceof ProblemError && error.problem.status === 404) return null;
    throw error;
  }
}

const isAggregate = ({ kind }: ChainOf): boolean => (aggregateKinds as readonly string[]).includes(kind);

const historyWithinMs = 20_000;

/** Reads the histories of all runs of a workflow that Temporal still keeps, oldest first. Empty when it keeps none. Fails with an `AwayError`. */
export const historiesFrom =
  (client: Client) =>
  async (id: string): Promise<RunHistory[]> => {
    const runs: RunHistory[] = [];
    let runId: string | undefined;
    do {
      try {
        const handle = client.workflow.getHandle(id, runId);
        const history = await client.withDeadline(Date.now() + historyWithinMs, () => handle.fetchHistory());
        const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
        runs.unshift({
          workflowId: id,
          runId: started?.originalExecutionRunId ?? runId ?? '',
          history: JSON.parse(historyToJSON(history)) as Json,
        });
        runId = started?.continuedExecutionRunId ?? undefined;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return runs;
        if (isGrpcServiceError(error))
          throw new AwayError(`Temporal did not answer: ${error.details || error.message}`, error);
        throw error;
      }
    } while (runId !== undefined && runId !== '');
    return runs;
  };
