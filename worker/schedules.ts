import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Database } from '#db/client.ts';
import { listRunningDetectors } from '#db/repositories/detectors.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import { oncallWatchId, oncallWatchWorkflow, queues, sweepScheduleId, sweepWorkflow } from '#workflows/contract.ts';
import type { RelayLog } from './relay.ts';

export interface SchedulesOptions {
  readonly db: Database;
  readonly temporal: Client;
  readonly log: RelayLog;
  /** How often a detector sweeps, milliseconds. */
  readonly sweepEveryMs: number;
  /** How often the schedules are compared with the detectors, milliseconds. */
  readonly reconcileEveryMs: number;
}

const prefix = sweepScheduleId('');
const watchEveryMs = minuteMs;
/** The rest of the minute is for the next run to begin in. */
const watchForMs = 55 * secondMs;
/** A run that cannot go on, as after a change of its code, makes room for the next. The slowest notice takes three minutes. */
const watchTimeout = '6m';

/**
 * Keeps one Temporal Schedule per running detector version, and the one that watches over on-call: what Postgres says is
 * live is swept, what it does not say is not. Comparing again and again heals whatever a crash or an outage left in between.
 */
export function keepSchedules(options: SchedulesOptions): { stop(): Promise<void> } {
  const { log, reconcileEveryMs } = options;
  let timer: NodeJS.Timeout | null = null;
  let isStopping = false;
  let current: Promise<void> = Promise.resolve();
  let isAdjusted = false;

  const round = async () => {
    try {
      await reconcile({ ...options, adjusts: !isAdjusted });
      isAdjusted = true;
    } catch (error) {
      log.warn({ err: error }, 'the schedules of detectors could not be compared and are tried again');
    }
    if (!isStopping)
      timer = setTimeout(() => {
        current = round();
      }, reconcileEveryMs);
  };
  current = round();
  return {
    async stop() {
      isStopping = true;
      if (timer) clearTimeout(timer);
      await current;
    },
  };
}

/**
 * One comparison: creates what is missing, deletes what is no longer live. Safe beside another worker doing the same. The
 * watch over on-call is always wanted. With `adjusts` the sweeps that are there take this worker's interval: a worker does
 * so once, as it starts, so that two of different configuration do not change it back and forth.
 */
export async function reconcile({
  db,
  temporal,
  sweepEveryMs,
  adjusts = false,
}: Pick<SchedulesOptions, 'db' | 'temporal' | 'sweepEveryMs'> & { readonly adjusts?: boolean }): Promise<void> {
  const sweeps = (await listRunningDetectors(db)).map((row) => sweepScheduleId(row.versionId));
  const wanted = new Set([oncallWatchId, ...sweeps]);
  const present = new Set<string>();
  for await (const { scheduleId, spec } of temporal.schedule.list()) {
    if (scheduleId !== oncallWatchId && !scheduleId.startsWith(prefix)) continue;
    present.add(scheduleId);
    const every = spec?.intervals?.[0]?.every;
    if (!wanted.has(scheduleId)) await temporal.schedule.getHandle(scheduleId).delete();
    else if (adjusts && scheduleId !== oncallWatchId && every !== sweepEveryMs)
      await temporal.schedule
        .getHandle(scheduleId)
        .update((known) => ({ ...known, spec: { intervals: [{ every: sweepEveryMs }] } }));
  }
  for (const scheduleId of wanted) if (!present.has(scheduleId)) await create(temporal, scheduleId, sweepEveryMs);
}

async function create(temporal: Client, scheduleId: string, sweepEveryMs: number): Promise<void> {
  const isWatch = scheduleId === oncallWatchId;
  try {
    await temporal.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: isWatch ? watchEveryMs : sweepEveryMs }] },
      action: {
        type: 'startWorkflow',
        workflowType: isWatch ? oncallWatchWorkflow : sweepWorkflow,
        workflowId: scheduleId,
        taskQueue: queues.orchestration,
        args: [isWatch ? watchForMs : scheduleId.slice(prefix.length)],
        ...(isWatch ? { workflowExecutionTimeout: watchTimeout } : {}),
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
      // An installation that has just come up does not wait for the minute to be full.
      ...(isWatch ? { state: { triggerImmediately: true } } : {}),
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
