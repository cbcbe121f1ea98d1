import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Starts something that keeps its state in a temporary folder. The folder goes with it: after `stop`, and when the start
 * fails.
 */
export async function inTemporaryFolder<T extends { stop(): Promise<void> }>(
  purpose: string,
  start: (folder: string) => Promise<T>,
): Promise<{ value: T; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), `vigil-${purpose}-`));
  // A temporary folder is closed to others; the user that runs Postgres for root must enter it.
  chmodSync(folder, 0o755);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const value = await start(folder);
    return {
      value,
      stop: async () => {
        await value.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
