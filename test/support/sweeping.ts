import { and, eq } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import type { SweepResult } from '#activities/detection.ts';
import { insertProductEvents } from '#db/repositories/product-events.ts';
import type { NewProductEvent } from '#db/repositories/product-events.ts';
import { signals } from '#db/schema/index.ts';
import { queues, sweepWorkflow } from '#workflows/contract.ts';
import type { CaseWorld } from './case-world.ts';
import { fastForward } from './fast-forward.ts';
import { eventually } from './vigil.ts';
import type { TestVigil } from './vigil.ts';

/** Starts one sweep of a detector version as its schedule does. */
export const startSweep = (vigil: Pick<TestVigil, 'temporal'>, detectorVersionId: string) =>
  vigil.temporal.workflow.start<(versionId: string) => Promise<SweepResult>>(sweepWorkflow, {
    workflowId: `sweep:${detectorVersionId}:${randomUUID()}`,
    taskQueue: queues.orchestration,
    args: [detectorVersionId],
  });

/** Runs one sweep to its end; what it waits between its tries is skipped. */
export async function sweep(vigil: Pick<TestVigil, 'temporal'>, detectorVersionId: string): Promise<SweepResult> {
  const handle = await startSweep(vigil, detectorVersionId);
  await fastForward(vigil.temporal, handle.workflowId, 60, { mayEnd: true });
  return handle.result();
}

/**
 * Sweeps until the detector has a signal about the account. What a sweep says that it filed would not tell: it may be about
 * older events, while a new one counts only once no older transaction of anybody is open.
 */
export const sweepUntilFound = (
  vigil: Pick<TestVigil, 'temporal' | 'db'>,
  detectorVersionId: string,
  accountRef: string,
): Promise<true> =>
  eventually(`${detectorVersionId} finds ${accountRef}`, async () => {
    await sweep(vigil, detectorVersionId);
    const about = and(eq(signals.detectorVersionId, detectorVersionId), eq(signals.accountRef, accountRef));
    return (await vigil.db.$count(signals, about)) > 0;
  });

/** A message to that many recipients, sent now unless told otherwise. */
export function message(
  accountRef: string,
  recipients: number,
  change: Partial<NewProductEvent> = {},
): NewProductEvent {
  const sourceId = randomUUID();
  const attributes = { recipients };
  return {
    sourceId,
    kind: 'message_sent',
    accountRef,
    occurredAt: new Date().toISOString(),
    attributes,
    text: null,
    ...change,
  };
}

export const record = (world: CaseWorld, ...events: readonly NewProductEvent[]): Promise<number> =>
  world.db.transaction((tx) => insertProductEvents(tx, world.productId, events));
