import { parseArgs } from 'node:util';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ConfigurationError, readTemporalAddress } from '#config/env.ts';
import { connectTemporal } from '#gateway/temporal.ts';
import { historiesFolder, writeHistory } from './history-file.ts';

const usage = 'npm run history:record -- <workflow id> <name> [--run <run id>] [--folder <folder>]';

/** Saves the history of a run, finished or not, for the replay tests, from the server that `TEMPORAL_ADDRESS` names. */
async function main(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { run: { type: 'string' }, folder: { type: 'string', default: historiesFolder } },
  });
  const [workflowId, name, ...more] = positionals;
  if (!workflowId || !name || more.length > 0) {
    console.error(usage);
    return 2;
  }
  const gateway = connectTemporal(readTemporalAddress(), 'vigil-record-history');
  try {
    const handle = gateway.client.workflow.getHandle(workflowId, values.run);
    console.log(writeHistory(await handle.fetchHistory(), name, values.folder));
    return 0;
  } finally {
    await gateway.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof ConfigurationError || error instanceof WorkflowNotFoundError;
  console.error(isExpected || !(error instanceof Error) ? String(error) : error.message);
  process.exitCode = 1;
}
