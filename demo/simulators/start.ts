import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '#scripts/ports.ts';
import { compileCache } from '#scripts/stack.ts';
import type { Supervisor } from '#scripts/processes.ts';
import type { Simulators } from '../story/world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const names = ['platform', 'phones', 'classifier'] as const;

/** Says where the simulators will listen, so that the stack can be told before they are up. */
export async function placeSimulators(directory: string): Promise<Simulators> {
  const placed: Record<string, Simulators['platform']> = {};
  for (const name of names) {
    placed[name] = { url: `http://127.0.0.1:${await findFreePort()}`, log: join(directory, `${name}.ndjson`) };
  }
  return placed as unknown as Simulators;
}

/** Starts the three outside systems of the story, each a process of its own, ended with the supervisor. */
export async function startSimulators(
  supervisor: Supervisor,
  simulators: Simulators,
  secretFile: string,
): Promise<void> {
  await Promise.all(
    names.map((name) => {
      const { url, log } = simulators[name];
      const main = join(root, 'demo', 'simulators', `${name}-main.ts`);
      return supervisor.spawnProcess({
        name,
        command: process.execPath,
        args: [main, '--port', new URL(url).port, '--log', log, '--secret-file', secretFile],
        env: { PATH: '', TZ: 'UTC', NODE_COMPILE_CACHE: compileCache },
        cwd: root,
        ready: { line: /^ready http:\S+$/m },
      });
    }),
  );
}
