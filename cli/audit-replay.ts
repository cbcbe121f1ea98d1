import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import { IllegalStateError } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { buildWorkflowBundle } from '#scripts/workflow-bundle.ts';
import type { RunHistory } from './audit-bundle.ts';

const bundles = join(fileURLToPath(new URL('..', import.meta.url)), '.vigil', 'bundles');

/** Before the first replay of a process: what does not replay is a result here, not something to log. */
export function quietReplay(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => undefined),
      telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
      shutdownSignals: [],
    });
  } catch (error) {
    // Whoever runs workers in this process has chosen where it logs.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

/**
 * Replays histories with the workflow code that is shipped. For each: null when the code leads to it, else the reason.
 *
 * Needs no server. A history that is none, or that a changed code no longer leads to, does not hide those after it.
 */
export async function replayHistories(runs: readonly RunHistory[], codePath?: string): Promise<(string | null)[]> {
  const reasons: (string | null)[] = runs.map(() => null);
  const parsed = runs.flatMap(({ workflowId, history }, index) => {
    try {
      return [{ index, run: { workflowId, history: historyFromJSON(history) } }];
    } catch (error) {
      reasons[index] = `it is no history: ${messageOf(error)}`;
      return [];
    }
  });
  if (parsed.length === 0) return reasons;
  const workflowBundle = { codePath: codePath ?? (await buildWorkflowBundle({ folder: bundles })) };
  for (let next = 0; next < parsed.length;) {
    const rest = parsed.slice(next);
    const { done, failure } = await replaySome(
      workflowBundle,
      rest.map(({ run }) => run),
      (position, reason) => {
        reasons[rest[position]?.index ?? 0] = reason;
      },
    );
    // The worker gives up at a history that it cannot even begin; another one goes on behind it.
    if (failure !== null) reasons[rest[done]?.index ?? 0] = failure;
    next += failure === null ? rest.length : done + 1;
  }
  return reasons;
}

async function replaySome(
  workflowBundle: { readonly codePath: string },
  runs: readonly HistoryAndWorkflowId[],
  settle: (position: number, reason: string | null) => void,
): Promise<{ done: number; failure: string | null }> {
  let done = 0;
  try {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, runs)) {
      settle(done, error === undefined ? null : error.message);
      done += 1;
    }
    return { done, failure: done < runs.length ? 'the replay ended early' : null };
  } catch (error) {
    return { done, failure: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
