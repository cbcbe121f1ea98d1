import type { Transaction } from '../client.ts';
import { canaryRuns } from '../schema/index.ts';

export async function insertCanaryRun(
  tx: Transaction,
  run: { id: string; launchId: string | null; productId: string; teamId: string; detectorVersionId: string },
): Promise<void> {
  // The account is named after the run, so that its signal, case and page are recognised as this drill's.
  await tx.insert(canaryRuns).values({ ...run, status: 'opening', accountRef: `canary_${run.id.slice(4)}` });
}
