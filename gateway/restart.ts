import { isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { VigilError } from '#domain/errors.ts';

interface Restarted {
  /** How it had ended, as Temporal calls it. */
  readonly endedAs: string;
  readonly runId: string;
}

/**
 * Lets a workflow that was stopped go on from its last step, with its whole history: what was on its way is done again
 * with the same keys, timers that are over are due at once.
 *
 * Fails with `aggregate.running`, with `aggregate.not_found` when Temporal has forgotten it, and with
 * `service.unavailable` when it is away. Safe to repeat with the same `requestId`.
 */
export async function restart(client: Client, workflowId: string, requestId: string): Promise<Restarted> {
  try {
    return await reset(client, workflowId, requestId);
  } catch (error) {
    // The client wraps some of the connection's errors and not others.
    if (isGrpcServiceError(error) || error instanceof ServiceError) throw new VigilError('service.unavailable');
    throw error;
  }
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
