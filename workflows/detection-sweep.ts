import type { SweepResult } from '#activities/detection.ts';
import { detection } from './options.ts';

/** One sweep of one detector version. A Temporal Schedule per live version starts it; sweeps of a version never overlap. */
export async function detectionSweep(detectorVersionId: string): Promise<SweepResult> {
  return detection.sweep(detectorVersionId);
}
