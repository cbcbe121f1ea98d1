import type { Client } from '@temporalio/client';
import type { HttpClient } from '#activities/clients/http.ts';
import type { Database } from '#db/client.ts';
import { oldestPendingAgeMs } from '#db/repositories/commands.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import { oncallWatchWorkflow, queues } from '#workflows/contract.ts';
import type { RelayLog } from './relay.ts';

export interface DeadMansSwitchOptions {
  /** Proves that pages would go out; throws or rejects when they would not. */
  readonly roundTrip: () => Promise<void>;
  /** Tells the outside that they would. */
  readonly beat: () => Promise<void>;
  readonly log: RelayLog;
  /** From the start of one round to the start of the next, milliseconds. */
  readonly everyMs: number;
}

/**
 * Beats to the outside for as long as Vigil works. Whoever watches from there wakes somebody by another way when the beats
 * stay out: nothing inside Vigil can tell that Vigil is down.
 *
 * `stop` does not wait for the round under way, whose worker is stopping as well; it beats no more. A round that fails, or is still under way when the next should begin, leaves its beat out.
 */
export function keepBeating({ roundTrip, beat, log, everyMs }: DeadMansSwitchOptions): { stop(): void } {
  const life = { isStopping: false };
  let current: Promise<void> | null = null;
  const round = async () => {
    try {
      await roundTrip();
    } catch (error) {
      if (!life.isStopping) log.warn({ err: error }, 'a round trip did not work, so no beat goes to the outside');
      return;
    }
    if (life.isStopping) return;
    try {
      await beat();
    } catch (error) {
      log.warn({ err: error }, 'the beat did not reach the outside');
    }
  };
  const begin = () => {
    current ??= round().finally(() => {
      current = null;
    });
  };
  begin();
  const timer = setInterval(begin, everyMs);
  return {
    stop() {
      life.isStopping = true;
      clearInterval(timer);
    },
  };
}

/** A command that has waited this long waits for a relay that does nothing. */
const longestWaitMs = 5 * minuteMs;

/**
 * One way through everything that a page needs: Temporal starts a workflow, a worker runs it, its activity looks into
 * Postgres, and the answer comes back; and no command has been waiting for minutes.
 */
export async function roundTrip(
  { db, temporal }: { readonly db: Database; readonly temporal: Client },
  withinMs: number = 20 * secondMs,
): Promise<void> {
  await temporal.withDeadline(Date.now() + withinMs, () =>
    temporal.workflow.execute(oncallWatchWorkflow, {
      // One at a time, however many workers ask; another that is under way proves the same.
      workflowId: 'oncall:dead-mans-switch',
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: queues.orchestration,
      args: [0],
      workflowExecutionTimeout: withinMs,
    }),
  );
  const waitMs = await oldestPendingAgeMs(db);
  if (waitMs > longestWaitMs) throw new Error(`a command has waited for ${Math.round(waitMs / secondMs)} s`);
}

/** The beat itself: an empty POST, which every such service takes. */
export async function sendBeat(http: HttpClient, url: string): Promise<void> {
  const { status } = await http.call({
    provider: 'dead_mans_switch',
    url,
    method: 'POST',
    body: null,
    timeoutMs: 10 * secondMs,
  });
  if (status >= 300) throw new Error(`the service that takes the beats answered ${status}`);
}
