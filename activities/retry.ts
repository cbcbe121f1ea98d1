import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

/** Throws what Temporal tries again, after the time that the other side asked for, within bounds. */
export function tryAgain(type: string, message: string, retryAfterMs: number | null): never {
  throw ApplicationFailure.create({
    type,
    message,
    category: 'BENIGN',
    ...(retryAfterMs === null ? {} : { nextRetryDelay: Math.max(100, Math.min(retryAfterMs, 60_000)) }),
  });
}

export const attemptNumber = (): number => Context.current().info.attempt;

/** The workflow that asks. */
export const workflowId = (): string => Context.current().info.workflowExecution?.workflowId ?? '';
