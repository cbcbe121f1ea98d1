import {
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Actor } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { AggregateKind } from '#domain/ids.ts';
import { aggregates, workflowId as idOfWorkflow } from '#workflows/contract.ts';

interface Restarted {
  /** How it had ended, as Temporal calls it; `lost` when Temporal knows nothing of it. */
  readonly endedAs: string;
  readonly runId: string;
}

/** What is known of an aggregate without Temporal. */
export interface Stored {
  readonly kind: AggregateKind;
  readonly id: string;
  /** The state that was recorded last; null when none was. */
  readonly state: object | null;
  readonly by: Actor;
  /** `record` leaves aside what Temporal knows beyond it: Postgres may have been restored. */
  readonly from: 'history' | 'record';
}

/**
 * Lets a workflow that was stopped go on from its last step, with its whole history: what was on its way is done again
 * with the same keys, timers that are over are due at once. Where Temporal has lost it, a new run begins with the state
 * that was recorded last: what was on its way is then not done again, and its deadline lets the next step come.
 *
 * Fails with `aggregate.running`, with `aggregate.not_found` when nothing was recorded either, and with
 * `service.unavailable` when Temporal is away. Safe to repeat with the same `requestId`.
 */
export async function restart(client: Client, stored: Stored, requestId: string): Promise<Restarted> {
  const workflowId = idOfWorkflow(stored.kind, stored.id);
  try {
    if (stored.from === 'record' && stored.state !== null) return await beginAnew(client, stored, requestId);
    return await reset(client, workflowId, requestId).catch((error: unknown) => {
      if (error instanceof VigilError && error.code === 'aggregate.not_found' && stored.state !== null)
        return beginAnew(client, stored, requestId);
      throw error;
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw new VigilError('aggregate.running');
    // The client wraps some of the connection's errors and not others.
    if (isGrpcServiceError(error) || error instanceof ServiceError) throw new VigilError('service.unavailable');
    throw error;
  }
}

async function beginAnew(client: Client, { kind, id, state, by, from }: Stored, requestId: string): Promise<Restarted> {
  const { workflow, queue } = aggregates[kind];
  const handle = await client.workflow.start(workflow, {
    workflowId: idOfWorkflow(kind, id),
    taskQueue: queue,
    workflowTaskTimeout: '5s',
    args: [
      { id, opening: null, cause: { commandId: requestId, actor: by, requestId }, carried: { state, applied: [] } },
    ],
  });
  return { endedAs: from === 'record' ? 'set_aside' : 'lost', runId: handle.firstExecutionRunId };
}

async function reset(client: Client, workflowId: string, requestId: string): Promise<Restarted> {
  const { namespace } = client.options;
  const { status, runId } = await describe(client, workflowId);
  if (status.name === 'RUNNING') throw new VigilError('aggregate.running');
  const execution = { workflowId, runId };
  const { runId: restartedAs } = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: execution,
    reason: 'restarted by a person',
    workflowTaskFinishEventId: await lastStep(client, execution),
    requestId,
  });
  return { endedAs: status.name.toLowerCase(), runId: restartedAs };
}

async function describe(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new VigilError('aggregate.not_found');
    throw error;
  }
}

/** The event of the last workflow task that was completed; nothing is left to go on from without one. */
async function lastStep(client: Client, execution: { workflowId: string; runId: string }) {
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution,
      maximumPageSize: 100,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    const step = page.history?.events?.find((event) => event.workflowTaskCompletedEventAttributes);
    if (step?.eventId) return step.eventId;
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
  } while (nextPageToken);
  throw new VigilError('aggregate.not_found');
}
