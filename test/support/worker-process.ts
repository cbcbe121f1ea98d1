import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { startChild, tailOf } from '#scripts/child-process.ts';
import type { Child } from '#scripts/child-process.ts';
import { testSecret } from '#demo/simulators/test-client.ts';
import { inTemporaryFolder } from './temporary-folder.ts';
import { eventually } from './vigil.ts';
import type { TestVigil } from './vigil.ts';

export interface WorkerProcess {
  /** Ends it as the kernel would, in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** The worker as its own process, on the servers of a test whose own workers are paused; it may call `allow`. */
export async function startWorkerProcess(vigil: TestVigil, allow: string): Promise<WorkerProcess> {
  const { stop } = await inTemporaryFolder('test-worker', async (directory) => {
    const logFile = `${directory}/worker.log`;
    const child: Child = await startChild({
      name: 'worker',
      command: process.execPath,
      args: [fileURLToPath(new URL('../../worker/main.ts', import.meta.url))],
      env: {
        PATH: '/usr/bin:/bin',
        VIGIL_DATABASE_URL: vigil.appUrl,
        TEMPORAL_ADDRESS: vigil.address,
        VIGIL_WORKFLOW_BUNDLE: inject('temporal').bundlePath,
        VIGIL_SIGNING_SECRETS: testSecret,
        VIGIL_OUTGOING_ALLOW: allow,
        VIGIL_SWEEP_INTERVAL: '1h',
        VIGIL_LOG_LEVEL: 'warn',
      },
      logFile,
      directory,
    });
    await eventually('the worker is ready', () => {
      if (!child.isRunning()) throw new Error(`the worker ended: ${tailOf(logFile)}`);
      return Promise.resolve(tailOf(logFile).includes('ready http'));
    });
    return { child, stop: async () => void (await child.kill('SIGKILL')) };
  });
  return { kill: stop };
}
