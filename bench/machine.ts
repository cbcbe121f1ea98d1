import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import type { Stack } from '#scripts/stack.ts';
import { queryOnce } from './chain.ts';
import { pause, round } from './load.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' });

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  /** The average of the minute before. */
  readonly loadBefore: number;
  /** The share of all cores that was busy in the seconds before, percent: the figures are a quiet machine's only if it is small. */
  readonly busyBefore: number;
}

/** What of Vigil is measured. */
export interface Source {
  readonly commit: string;
  /** Files beside the results differ from the commit. */
  readonly changed: boolean;
}

export interface Versions {
  readonly node: string;
  readonly postgres: string;
  readonly temporalServer: string;
  readonly temporalSdk: string;
}

/** The commit as it is now; ask before the run, since others may commit meanwhile. */
export const sourceNow = (): Source => ({
  commit: git('rev-parse', '--short', 'HEAD').trim(),
  changed: git('status', '--porcelain', '--', '.', ':!bench/results').trim() !== '',
});

/** The machine before it is put under load. Takes three seconds. */
export async function machineNow(): Promise<Machine> {
  const [loadBefore = 0] = loadavg();
  const before = ticks();
  await pause(3_000);
  const after = ticks();
  const [first] = cpus();
  return {
    cores: cpus().length,
    cpu: first?.model ?? '',
    memoryGb: round(totalmem() / 2 ** 30),
    loadBefore: round(loadBefore),
    busyBefore: round((100 * (after.busy - before.busy)) / Math.max(1, after.all - before.all)),
  };
}

function ticks(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy, all };
}

/** Asks the running servers what they are. */
export async function versionsOf({ urls, temporalAddress }: Stack): Promise<Versions> {
  const [row] = await queryOnce<{ server_version: string }>(urls.owner, 'SHOW server_version');
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    const sdk = JSON.parse(readFileSync(join(root, 'node_modules/@temporalio/worker/package.json'), 'utf8')) as {
      version: string;
    };
    return {
      node: process.version,
      postgres: row?.server_version ?? '',
      temporalServer: serverVersion ?? '',
      temporalSdk: sdk.version,
    };
  } finally {
    await connection.close();
  }
}
