import { sleep } from '@temporalio/workflow';
import { detectionSweep as recorded } from '#workflows/detection-sweep.ts';

/** What a careless change looks like: the same workflow, which first waits. No recorded run of it can go on with this. */
export async function detectionSweep(detectorVersionId: string): Promise<unknown> {
  await sleep('1 second');
  return recorded(detectorVersionId);
}
