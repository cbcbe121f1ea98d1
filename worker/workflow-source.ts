import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/** The workflow code of a Worker: a bundle that was built before, or the sources, which the Worker then bundles. */
export function workflowSource(bundle: string | null): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return bundle === null
    ? { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }
    : { workflowBundle: { codePath: bundle } };
}
