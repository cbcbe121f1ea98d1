import type { Client } from '@temporalio/client';

const query = `ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL`;

/**
 * How many workflows run but come no further, because their code fails again and again: as a rule after a deployment that
 * does not fit the histories of open runs. By Temporal's list, which may lag a little.
 *
 * Throws when Temporal is away, and when it is too old to tell (before 1.30).
 */
export async function countStuck(client: Client): Promise<number> {
  return (await client.workflow.count(query)).count;
}

/** Some of them, by their workflow's id. Throws as `countStuck` does. */
export async function listStuck(client: Client, atMost: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query, pageSize: atMost })) {
    ids.push(workflowId);
    if (ids.length === atMost) break;
  }
  return ids;
}
