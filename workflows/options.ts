import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { pageAttempts, queues } from './contract.ts';

/**
 * Writes to Postgres. Never given up: an aggregate must not go on unrecorded, and a database that comes back finds
 * the writes waiting.
 */
export const store = proxyActivities<Activities['store']>({
  taskQueue: queues.orchestration,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/** One page: its own retries stay within the time in which a rung is still worth paging; then the next channel is tried. */
export const paging = proxyActivities<Activities['paging']>({
  taskQueue: queues.paging,
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '3m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: pageAttempts },
  priority: { priorityKey: 1 },
});

/** Calls to a platform: retried for a quarter of an hour, then the order is parked where people see it. */
export const platform = proxyActivities<Activities['platform']>({
  taskQueue: queues.enforcement,
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** One sweep of a detector. A failed sweep is not retried here: its schedule runs it again from the same cursor. */
export const detection = proxyActivities<Activities['detection']>({
  taskQueue: queues.detection,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 3 },
});

/** Waits inside one activity for something that happens elsewhere; a lost worker is noticed by its heartbeat. */
export const watching = proxyActivities<Activities['watching']>({
  taskQueue: queues.detection,
  startToCloseTimeout: '20m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});
