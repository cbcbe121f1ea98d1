import { mkdirSync, rmSync } from 'node:fs';
import { processEnvironment } from '#config/env.ts';
import { createSupervisor } from '#scripts/processes.ts';
import type { Supervisor } from '#scripts/processes.ts';
import { startStack } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import { startBenchPhone } from './phones.ts';
import type { BenchPhone } from './phones.ts';
import { prepareBench } from './world.ts';
import type { BenchWorld } from './world.ts';

/** A whole Vigil on loopback with phones of its own. */
export interface Bench {
  readonly directory: string;
  readonly supervisor: Supervisor;
  readonly stack: Stack;
  readonly phone: BenchPhone;
  /** Another provider, which scenarios put in trouble. */
  readonly troubled: BenchPhone;
  readonly world: BenchWorld;
  close(): Promise<void>;
}

/**
 * Brings one up in a folder that it empties first. Everything shares the cores: client, API, worker, servers.
 *
 * `own` is told of the supervisor before anything starts, so that whoever is interrupted meanwhile can stop it. Throws
 * `DirectoryInUseError` when another bench runs in that folder.
 */
export async function startBench(directory: string, own: (supervisor: Supervisor) => void): Promise<Bench> {
  // What a killed run left behind is stopped by the records in the folder, so before these go.
  const supervisor = await createSupervisor({ directory, log: () => undefined });
  own(supervisor);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const [phone, troubled] = await Promise.all([startBenchPhone(), startBenchPhone()]);
  const stack = await startStack({
    supervisor,
    directory,
    environment: processEnvironment,
    settings: {
      VIGIL_OUTGOING_ALLOW: [phone, troubled].map(({ url }) => new URL(url).host).join(','),
      VIGIL_API_RATE_LIMIT: '10000000',
      VIGIL_LOG_LEVEL: 'warn',
    },
  });
  const world = await prepareBench(stack, phone.url, troubled.url);
  return {
    directory,
    supervisor,
    stack,
    phone,
    troubled,
    world,
    async close() {
      await world.close();
      await supervisor.stopAll();
      await Promise.all([phone.close(), troubled.close()]);
    },
  };
}
