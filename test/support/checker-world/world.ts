import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { phoneLines, seedEscalations } from './escalations.ts';
import { seedHeartbeat } from './heartbeats.ts';
import { seedLaunch } from './launch.ts';
import { platformLines, seedReview } from './review.ts';
import { seedSenders } from './senders.ts';
import { seedConfiguration, seedSetting } from './setting.ts';

/** Text that was reported, and may be found where content lives and nowhere else. */
export const marker = 'buy "cheap" pills';

/** A small consistent world by plain SQL, in which every promise has something to show and none is broken. */
export async function seedCheckerWorld(client: Client): Promise<void> {
  await seedSetting(client);
  await seedConfiguration(client);
  await seedEscalations(client);
  await seedSenders(client);
  await seedReview(client);
  await seedHeartbeat(client);
  await seedLaunch(client);
  await client.query(
    `INSERT INTO content_items (id, product_id, body, sha256) SELECT 'con_1', id, $1, 'none' FROM products`,
    [`Please ${marker} now`],
  );
}

export type Line = { [key: string]: unknown };

export interface Logs {
  readonly platform: Line[];
  readonly phones: Line[];
  /** Of the worker. */
  readonly worker: Line[];
}

export const worldLogs = (): Logs => ({
  platform: platformLines(),
  phones: phoneLines(),
  worker: [{ level: 'info', msg: 'ready' }],
});

/** Writes the logs into a folder and says where they are, as the checker's options name them. */
export function writeLogs(folder: string, logs: Logs): { platformLog: string; phonesLog: string; logs: string[] } {
  const write = (name: string, lines: readonly Line[]): string => {
    const file = join(folder, `${name}.ndjson`);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return file;
  };
  return {
    platformLog: write('platform', logs.platform),
    phonesLog: write('phones', logs.phones),
    logs: [write('worker', logs.worker)],
  };
}
