import { Worker } from '@temporalio/worker';
import type { ActivityInboundCallsInterceptor, NativeConnection, WorkerOptions } from '@temporalio/worker';
import { toFailure } from '#activities/failures.ts';
import { beating } from '#activities/heartbeat.ts';
import type { Activities } from '#activities/index.ts';
import { queues } from '#workflows/contract.ts';
import { placesPerProvider } from './channels.ts';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: Activities;
  readonly workflows: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
  readonly maxCachedWorkflows: number;
  readonly shutdownGraceTime: string;
}

/** One Worker per task queue, so that a slow platform never takes the place of a page. */
export async function createWorkers({
  activities,
  workflows,
  maxCachedWorkflows,
  ...rest
}: WorkersOptions): Promise<Worker[]> {
  const shared = { ...rest, interceptors: { activity: [() => ({ inbound: withoutContent })] } };
  return Promise.all([
    Worker.create({
      ...shared,
      ...workflows,
      maxCachedWorkflows,
      taskQueue: queues.orchestration,
      activities: activities.store,
      maxConcurrentActivityTaskExecutions: 64,
      // Look-ups hold a connection each. While Postgres is slow, further ones wait no longer than a second for a place and are
      // then asked for as ordinary activities.
      maxConcurrentLocalActivityExecutions: 8,
      // After a SIGKILL, tasks of the lost worker's own queue wait this long before another takes them.
      stickyQueueScheduleToStartTimeout: '2s',
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.paging,
      interceptors: { activity: [() => ({ inbound: withoutContent }), () => ({ inbound: heardOf })] },
      activities: activities.paging,
      maxConcurrentActivityTaskExecutions: 4 * placesPerProvider,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.mirroring,
      activities: activities.mirroring,
      maxConcurrentActivityTaskExecutions: 8,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.enforcement,
      activities: activities.platform,
      maxConcurrentActivityTaskExecutions: 16,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.detection,
      activities: activities.detection,
      maxConcurrentActivityTaskExecutions: 16,
    }),
  ]);
}

/** A page in the hands of a worker that died is taken up by another within seconds, not after the time for a slow call. */
const heardOf: ActivityInboundCallsInterceptor = { execute: (input, next) => beating(() => next(input)) };

/** Inside the SDK's own interceptor, so that neither the history nor the SDK's own log line sees the error as it was. */
const withoutContent: ActivityInboundCallsInterceptor = {
  async execute(input, next) {
    try {
      return await next(input);
    } catch (error) {
      throw toFailure(error);
    }
  },
};
