import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { installRuntime } from './sdk-runtime.ts';
import type { TemporalForTests } from './temporal-setup.ts';

export interface TestTemporal {
  readonly client: Client;
  /** For `Worker.create({ connection })`. */
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** For `Worker.create({ workflowBundle })`. */
  readonly workflowBundle: { readonly codePath: string };
  /** Closes the connections. Shut the workers down first. */
  close(): Promise<void>;
}

/**
 * Connects a test file to the run's Temporal server. Needs the global setup `test/support/temporal-setup.ts`.
 *
 * All files share the server: give each Worker a task queue from `uniqueTaskQueue` and each workflow an id of its own.
 */
export async function connectTestTemporal(): Promise<TestTemporal> {
  const temporal: TemporalForTests | undefined = inject('temporal');
  if (temporal === undefined)
    throw new Error('connectTestTemporal needs the global setup test/support/temporal-setup.ts');
  installRuntime();
  const { address, namespace, bundlePath } = temporal;
  const clientConnection = await Connection.connect({ address });
  const connection = await NativeConnection.connect({ address });
  return {
    client: new Client({ connection: clientConnection, namespace }),
    connection,
    namespace,
    workflowBundle: { codePath: bundlePath },
    close: async () => {
      await connection.close();
      await clientConnection.close();
    },
  };
}

/** A task queue that no other test polls. */
export const uniqueTaskQueue = (prefix: string): string => `${prefix}-${randomUUID()}`;

export { fastForward, FastForwardError } from './fast-forward.ts';
