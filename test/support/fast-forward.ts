import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';

export interface FastForwardOptions {
  /** How long to wait in real time, milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Whether the workflow may end on the way. Default false: that fails. */
  readonly mayEnd?: boolean;
}

/** The time of a workflow could not be moved all the way; the message says why and what to look at. */
export class FastForwardError extends Error {
  constructor(workflowId: string, seconds: number, reason: string, options?: ErrorOptions) {
    super(`${workflowId} could not be moved ${seconds} s ahead: ${reason}`, options);
    this.name = 'FastForwardError';
  }
}

/** FastForwardPollingResult of the API: the server's long poll ended before the fast-forward did. */
const stillOnTheWay = 1;
const failed = 3;
const grpcNotFound = 5;
const grpcDeadlineExceeded = 4;
const grpcCancelled = 1;
/** Each timer fired on the way is one skip; the server's own limit is 200 a call. */
const maxSkips = 100_000;

/**
 * Moves one workflow's own clock `seconds` ahead, firing each of its timers on the way, and returns when it is there.
 *
 * Runs that continue as new on the way are followed. Its children and other workflows keep their own time. Time stands
 * while an activity or a child of the workflow is open, so what fell due on the way is carried out by then, but what
 * falls due at the very end may still be under way. The waits between the attempts of a failing activity are skipped
 * like timers. When it does not get there within `timeoutMs`, it fails and names what is open.
 */
export async function fastForward(
  client: Client,
  workflowId: string,
  seconds: number,
  options: FastForwardOptions = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  const fail = (reason: string, cause?: unknown): never => {
    throw new FastForwardError(workflowId, seconds, reason, { cause });
  };
  const { namespace } = client.options;
  const execution = { namespace, workflowExecution: { workflowId } };
  const fastForwardId = randomUUID();
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      ...execution,
      workflowExecutionOptions: {
        timeSkippingConfig: {
          enabled: true,
          disablePropagation: true,
          maxSessionSkipCount: maxSkips,
          fastForwardConfig: { id: fastForwardId, duration: msToTs(seconds * 1000) },
        },
      },
      updateMask: { paths: ['time_skipping_config'] },
    });
    for (;;) {
      const answer = await client.connection.withDeadline(deadline, () =>
        client.workflowService.pollWorkflowExecutionTimeSkipping({ ...execution, fastForwardId }),
      );
      const result = answer.fastForwardPollingResult as number;
      if (result === stillOnTheWay) continue;
      if (result !== failed) return;
      if (options.mayEnd === true && answer.failedReason.includes('ended')) return;
      fail(answer.failedReason);
    }
  } catch (error) {
    if (error instanceof FastForwardError) throw error;
    const { code, message } = error as { code?: number; message: string };
    if (code === grpcNotFound && message.includes('completed')) {
      if (options.mayEnd === true) return;
      fail('it has ended', error);
    }
    if (code === grpcNotFound) fail('there is no such workflow', error);
    if (code === grpcDeadlineExceeded || code === grpcCancelled) fail(await whyTimeStands(client, workflowId), error);
    fail(message, error);
  }
}

async function whyTimeStands(client: Client, workflowId: string): Promise<string> {
  const description = await client.workflowService.describeWorkflowExecution({
    namespace: client.options.namespace,
    execution: { workflowId },
  });
  const open = [
    ...(description.pendingActivities ?? []).map(
      ({ activityType, attempt, lastFailure }) =>
        `activity ${activityType?.name} (attempt ${attempt}${lastFailure ? `, last failure: ${lastFailure.message}` : ''})`,
    ),
    ...(description.pendingChildren ?? []).map(({ workflowId }) => `child ${workflowId}`),
    ...(description.pendingWorkflowTask
      ? ['a workflow task: does a worker poll its queue, and does its code throw?']
      : []),
  ];
  const reached = optionalTsToMs(description.workflowExtendedInfo?.timeSkippingInfo?.currentTime);
  const at = reached === undefined ? '' : `; its clock shows ${new Date(reached).toISOString()}`;
  return `it did not get there in time${at}; open: ${open.length === 0 ? 'nothing' : open.join(', ')}`;
}
