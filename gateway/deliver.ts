import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isErrorCode } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { systemActor } from '#db/repositories/commands.ts';
import type { CommandRow, Outcome } from '#db/repositories/commands.ts';
import {
  aggregates,
  fact,
  mirrorId,
  mirrorWorkflow,
  queues,
  settled,
  statusChanged,
  update,
} from '#workflows/contract.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';

/** `away`: Temporal or its worker did not answer in time. The command may still have arrived; delivering again is safe. */
export type Delivery = Outcome | { readonly status: 'away'; readonly cause: string };

export interface DeliveryOptions {
  readonly deadlineMs: number;
}

/**
 * Delivers one command to its workflow. The only code that does so: the API and the relay both call it.
 *
 * Safe to repeat: a start finds the run it made, an update finds its own id, a signal carries the command id that the
 * workflow remembers. `failed`: the workflow's code broke on it, or the server cannot take it; the same again will not do
 * better until other code runs. Unexpected errors of the client are thrown.
 */
export async function deliver(client: Client, row: CommandRow, options: DeliveryOptions): Promise<Delivery> {
  try {
    return await client.withDeadline(Date.now() + options.deadlineMs, () => send(client, row));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return refusedBecauseGone(client, row, options);
    return classify(error);
  }
}

/**
 * What is not running has ended, or never began. How it ended is said while Temporal remembers; one that ended otherwise
 * than `completed` was stopped by an operator, and its row stays open.
 */
async function refusedBecauseGone(client: Client, row: CommandRow, { deadlineMs }: DeliveryOptions): Promise<Delivery> {
  try {
    const { status, closeTime } = await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow.getHandle(row.workflowId).describe(),
    );
    const detail = { endedAs: status.name.toLowerCase(), endedAt: closeTime?.toISOString() ?? null };
    return { status: 'refused', code: 'aggregate.ended', detail };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { status: 'refused', code: 'aggregate.not_found', detail: {} };
    return classify(error);
  }
}

async function send(client: Client, row: CommandRow): Promise<Outcome> {
  switch (row.mode) {
    case 'start':
      return { status: 'done', answer: await start(client, row) };
    case 'update': {
      const handle = client.workflow.getHandle(row.workflowId);
      const answer = await handle.executeUpdate(update(row.name), { args: [toEnvelope(row)], updateId: row.id });
      return { status: 'done', answer };
    }
    case 'signal':
      if (row.workflowId === mirrorId(row.aggregateId)) return tellMirror(client, row);
      await client.workflow.getHandle(row.workflowId).signal(fact(row.name), toEnvelope(row));
      return { status: 'done', answer: {} };
    default:
      throw new Error(`command ${row.id} has the unknown mode ${row.mode}`);
  }
}

/**
 * Starts a workflow and waits until its first version is recorded, for whoever asked reads what was written; where nobody
 * asked, until a worker has begun it, which may be before the first record: the relay never starts more than the workers keep up with. Started all at once, a
 * thousand ladders would all page late.
 */
async function start(client: Client, row: CommandRow): Promise<{ [key: string]: Json }> {
  const { workflow, queue } = aggregates[row.aggregateKind];
  const options = {
    workflowId: row.workflowId,
    taskQueue: queue,
    args: [
      {
        id: row.aggregateId,
        opening: row.input,
        cause: { commandId: row.id, actor: row.actor, requestId: row.requestId },
      },
    ],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    // A task that a killed worker held is given to another after this; the default of 10 s would hold up a page for as long.
    workflowTaskTimeout: '5s',
    // Its tasks and activities go before those of milder matters, wherever a queue has formed.
    priority: { priorityKey: row.priority },
  } as const;
  try {
    return await client.workflow.executeUpdateWithStart(settled, {
      startWorkflowOperation: new WithStartWorkflowOperation(workflow, {
        ...options,
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
      updateId: row.id,
      args: [row.principalId === systemActor.id ? 'underway' : 'recorded'],
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return {};
    throw error;
  }
}

/** Wakes the mirror of an escalation, or starts it. It reads how things stand, so one word too many does no harm. */
async function tellMirror(client: Client, row: CommandRow): Promise<Outcome> {
  await client.workflow.signalWithStart(mirrorWorkflow, {
    workflowId: row.workflowId,
    taskQueue: queues.orchestration,
    args: [row.aggregateId],
    signal: statusChanged,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    priority: { priorityKey: 5 },
  });
  return { status: 'done', answer: {} };
}

function toEnvelope(row: CommandRow): CommandEnvelope {
  return { commandId: row.id, name: row.name, actor: row.actor, requestId: row.requestId, input: row.input };
}

function classify(error: unknown): Delivery {
  if (error instanceof WorkflowUpdateFailedError) {
    const { type, details } = error.cause instanceof ApplicationFailure ? error.cause : {};
    if (type && isErrorCode(type)) {
      return { status: 'refused', code: type, detail: (details?.[0] ?? {}) as { [key: string]: Json } };
    }
    return failed(type ?? error.cause?.name ?? error.name);
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return { status: 'away', cause: 'the worker did not answer in time' };
  if (isGrpcServiceError(error) && beyondHelp.includes(error.code)) return failed('INVALID_ARGUMENT');
  if (isGrpcServiceError(error)) return { status: 'away', cause: `Temporal: ${error.details || error.message}` };
  if (error instanceof Error && isGrpcServiceError(error.cause))
    return { status: 'away', cause: `Temporal: ${error.cause.details}` };
  throw error;
}

/** INVALID_ARGUMENT of gRPC: the server will never take what was sent, such as a payload beyond its limits. */
const beyondHelp: readonly number[] = [3];

/** The kind of the failure only: a message may quote what it failed on. */
const failed = (failure: string): Delivery => ({ status: 'failed', code: 'internal.unexpected', detail: { failure } });
