import type { Client } from '@temporalio/client';

/** The runs of a workflow id, from the one whose id is given by following back; the newest first. */
export async function runsOf(temporal: Client, workflowId: string): Promise<string[]> {
  const runs: string[] = [];
  let runId: string | undefined;
  do {
    const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    const own: string = started?.originalExecutionRunId ?? '';
    runs.push(own);
    runId = started?.continuedExecutionRunId || undefined;
  } while (runId !== undefined);
  return runs;
}
