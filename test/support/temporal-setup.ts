import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { processEnvironment } from '#config/env.ts';
import { startTemporal } from '#scripts/local-temporal.ts';
import { buildWorkflowBundle } from '#scripts/workflow-bundle.ts';
import { shared } from './shared.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

/** What a test needs to start a Worker and a client. */
export interface TemporalForTests {
  readonly address: string;
  readonly namespace: string;
  /** For `Worker.create({ workflowBundle: { codePath } })`. */
  readonly bundlePath: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    temporal: TemporalForTests;
  }
}

const bundles = fileURLToPath(new URL('../../.vigil/bundles', import.meta.url));

/**
 * Gives the run one Temporal server with time skipping, and the bundled workflows. A server that `TEMPORAL_ADDRESS` names
 * must allow time skipping (`frontend.WorkflowTimeSkippingEnabled=true`) and have
 * `history.workflowIdReuseMinimalInterval=0s`: see scripts/local-temporal.ts.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, release } = await shared('temporal', start);
  project.provide('temporal', value.context);
  return release;
}

async function start(): Promise<{ context: TemporalForTests; stop(): Promise<void> }> {
  const { value: temporal, stop } = await inTemporaryFolder('test-temporal', async (directory) => {
    const server = await startTemporal({ directory, environment: processEnvironment });
    // Nobody needs its state any more, so it need not take its time to end.
    return { ...server, stop: () => (server.pid === null ? server.stop() : server.kill()) };
  });
  try {
    const bundlePath = await buildWorkflowBundle({ folder: bundles });
    return { context: { address: temporal.address, namespace: temporal.namespace, bundlePath }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
