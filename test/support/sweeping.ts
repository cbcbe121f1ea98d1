import { randomUUID } from 'node:crypto';
import type { SweepResult } from '#activities/detection.ts';
import { insertProductEvents } from '#db/repositories/product-events.ts';
import type { NewProductEvent } from '#db/repositories/product-events.ts';
import { queues, sweepWorkflow } from '#workflows/contract.ts';
import type { CaseWorld } from './case-world.ts';
import { fastForward } from './fast-forward.ts';
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
