import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { processEnvironment } from '#config/env.ts';
import { findFreePort } from '#scripts/ports.ts';
import type { Supervisor } from '#scripts/processes.ts';

const names = ['alertmanager', 'prometheus-alertmanager'];

/** An Alertmanager of this machine, by the names that it has on PATH; null when there is none. */
export function findAlertmanager(): string | null {
  const folders = (processEnvironment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

/** What a skipped test says. */
export const noAlertmanager =
  'no Alertmanager on this machine: install one as `alertmanager` or `prometheus-alertmanager`';

export interface Alertmanager {
  /** Says of these alerts that they fire, or since when they do not. */
  report(
    ...alerts: { labels: Record<string, string>; annotations?: Record<string, string>; endsAt?: string }[]
  ): Promise<void>;
  /** How many notifications failed so far. */
  failures(): Promise<number>;
}

/** Runs a real one, alone, under that configuration (JSON, which is YAML) and waits until it is ready. */
export async function startAlertmanager(
  { executable, supervisor, directory }: { executable: string; supervisor: Supervisor; directory: string },
  config: object,
): Promise<Alertmanager> {
  const folder = join(directory, 'alertmanager');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(config));
  const url = `http://127.0.0.1:${await findFreePort()}`;
  await supervisor.spawnProcess({
    name: 'alertmanager',
    command: executable,
    args: [
      `--config.file=${file}`,
      `--storage.path=${folder}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=',
    ],
    env: { PATH: '/usr/bin:/bin' },
    ready: { url: `${url}/-/ready` },
  });
  return {
    async report(...alerts) {
      const answer = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
      if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`);
    },
    async failures() {
      const text = await (await fetch(`${url}/metrics`)).text();
      const counts = [...text.matchAll(/^alertmanager_notification_requests_failed_total\{.*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    },
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
