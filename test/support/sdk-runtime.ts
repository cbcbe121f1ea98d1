import { inspect } from 'node:util';
import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** What the SDK logged since the runtime was last installed, errors with all that is in them; warnings are printed too. */
export const sdkLog: string[] = [];
/** Warnings that tests of faults cause on purpose. */
const expected = /^(No workflows registered|Activity failed)/;

/**
 * Has the SDK log to `sdkLog`. The SDK takes its runtime away with the last connection of a test file, so each file's
 * first one installs it again; while one is there it stays.
 */
export function installRuntime(): void {
  const printed = new DefaultLogger('WARN');
  const logger = new DefaultLogger('DEBUG', (entry) => {
    sdkLog.push(inspect(entry, { depth: 20, breakLength: Infinity }));
    if (!expected.test(entry.message)) printed.log(entry.level, entry.message, entry.meta);
  });
  try {
    Runtime.install({ logger, shutdownSignals: [] });
  } catch (error) {
    if (error instanceof IllegalStateError) return;
    throw error;
  }
  sdkLog.length = 0;
}
