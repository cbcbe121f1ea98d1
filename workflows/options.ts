import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '#activities/index.ts';
import { platformAttempts, queues, sweepAttempts } from './contract.ts';

/**
 * Writes to Postgres. Never given up: an aggregate must not go on unrecorded, and a database that comes back finds
 * the writes waiting.
 */
export const store = proxyActivities<Activities['store']>({
  taskQueue: queues.orchestration,
  // Also how long a record that a killed worker held stays open before another takes it.
  startToCloseTimeout: '5s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

/**
 * Reads that a workflow task waits for, with all that comes in for that workflow meanwhile. Tried once: what takes longer is
 * asked for again as an ordinary activity, which waits for its database in a queue and not in everybody's way.
 */
export const lookingUp = proxyLocalActivities<Pick<Activities['store'], 'resolveRung'>>({
  scheduleToCloseTimeout: '1s',
  retry: { maximumAttempts: 1 },
});

/**
 * One page: its own retries stay within the time in which a rung is still worth paging; then the next channel is tried.
 * How often a channel is tried, the activity counts in its ledger: an outage of Postgres uses up none of it.
 */
export const paging = proxyActivities<Activities['paging']>({
  taskQueue: queues.paging,
  startToCloseTimeout: '15s',
  // Workers beat for every page: how soon one that a killed worker held is taken by another.
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '3m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
  priority: { priorityKey: 1 },
});

/**
 * One look at how an escalation stands, and what it takes to show it. What the other side says no to is a value; here it
 * is only about Postgres and killed workers.
 */
export const mirroring = proxyActivities<Activities['mirroring']>({
  taskQueue: queues.mirroring,
  startToCloseTimeout: '90s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  priority: { priorityKey: 5 },
});

/** Calls to a platform: quick retries here, slow ones by the order's own timer; then it is parked where people see it. */
export const platform = proxyActivities<Activities['platform']>({
  taskQueue: queues.enforcement,
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: platformAttempts },
});

/**
 * One sweep of a detector. After its tries the schedule runs it again from the same cursor. The heartbeat is how soon a
 * sweep in the hands of a killed worker is taken by another.
 */
export const detection = proxyActivities<Activities['detection']>({
  taskQueue: queues.detection,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '6s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: sweepAttempts },
});

/**
 * Measurements for a launch: quick, and given up soon. A result that says that it could not be measured blocks the gate
 * as well as none, and tells people why.
 */
export const measuring = proxyActivities<Activities['detection']>({
  taskQueue: queues.detection,
  startToCloseTimeout: '1m',
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '500ms', backoffCoefficient: 3, maximumAttempts: 4 },
});

/** The rehearsal of enforcement: calls to the platform that change nothing. */
export const rehearsing = proxyActivities<Activities['platform']>({
  taskQueue: queues.enforcement,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '5s',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 5 },
});
