import type { Client } from '@temporalio/client';
import { queues } from '#workflows/contract.ts';
import type { Queue } from '#workflows/contract.ts';
import { fail, messageOf, ok, skip } from './check.ts';
import type { Check } from './check.ts';

type DescribeRequest = Parameters<Client['workflowService']['describeTaskQueue']>[0];

const answerWithinMs = 5_000;
/** `TaskQueueType` of the API. */
const taskQueueTypes = { workflow: 1, activity: 2 } as const;
/** Pollers that were not seen for longer are those of workers that are gone. */
const seenWithinMs = 2 * 60_000;

/** Temporal: reachable, with its namespace, and a worker on every task queue. */
export async function checkTemporal(client: Client, address: string, now: () => number): Promise<Check[]> {
  const ask = <T>(work: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + answerWithinMs, work);
  const { namespace } = client.options;
  try {
    await ask(() => client.workflowService.getSystemInfo({}));
  } catch (error) {
    const remedy = 'Start Temporal, or correct TEMPORAL_ADDRESS.';
    return [
      fail('temporal', `${address}: ${messageOf(error)}`, remedy),
      skip('namespace', 'Temporal does not answer'),
      skip('task queues', 'Temporal does not answer'),
    ];
  }
  const answers = ok('temporal', `${address} answers`);
  try {
    await ask(() => client.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    const remedy = `Create it: temporal operator namespace create ${namespace}`;
    return [
      answers,
      fail('namespace', `${namespace}: ${messageOf(error)}`, remedy),
      skip('task queues', 'there is no namespace'),
    ];
  }
  const checked = await Promise.all(
    Object.values(queues).map(async (queue) => checkQueue(queue, await pollersOf(client, ask, queue, now))),
  );
  return [answers, ok('namespace', namespace), ...checked];
}

type Kind = keyof typeof taskQueueTypes;

/** Workflows run on the first queue alone; activities on every one. */
function checkQueue(queue: Queue, polled: ReadonlySet<Kind>): Check {
  const name = `queue ${queue}`;
  const wanted: readonly Kind[] = queue === queues.orchestration ? ['workflow', 'activity'] : ['activity'];
  const missing = wanted.filter((kind) => !polled.has(kind));
  if (missing.length === 0) return ok(name, 'a worker polls it');
  return fail(name, `no worker polls it for ${missing.join(' and ')} tasks`, 'Start the worker, and look at its log.');
}

async function pollersOf(
  client: Client,
  ask: <T>(work: () => Promise<T>) => Promise<T>,
  queue: Queue,
  now: () => number,
): Promise<ReadonlySet<Kind>> {
  const found = new Set<Kind>();
  for (const [kind, taskQueueType] of Object.entries(taskQueueTypes)) {
    const request = { namespace: client.options.namespace, taskQueue: { name: queue }, taskQueueType };
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the SDK's packages keep this enum to themselves
    const { pollers } = await ask(() => client.workflowService.describeTaskQueue(request as DescribeRequest));
    const isLive = (pollers ?? []).some(
      ({ lastAccessTime }) => now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < seenWithinMs,
    );
    if (isLive) found.add(kind as Kind);
  }
  return found;
}
