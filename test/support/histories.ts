import type { Client } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';

export interface RunHistory {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly history: History;
}

/** Every run that the server keeps, with its history. Visibility is eventually consistent: wait until it knows of all. */
export async function allHistories(temporal: Client): Promise<RunHistory[]> {
  const histories: RunHistory[] = [];
  for await (const { workflowId, runId, type } of temporal.workflow.list()) {
    const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.push({ workflowId, workflowType: type, history });
  }
  return histories;
}

/** Every text in a value of the Temporal API, payloads decoded. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}
