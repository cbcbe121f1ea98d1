import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProblemError } from '#cli/http.ts';
import { processEnvironment } from '#config/env.ts';
import { createSupervisor, StoppingError } from '#scripts/processes.ts';
import { stopOnSignals } from '#scripts/stop-on-signals.ts';
import { strike, strikeOf } from './chaos.ts';
import { tell } from './story/tell.ts';
import type { World } from './story/world.ts';
import { prepare } from './prepare.ts';
import { createProgress, summaryTable } from './story/progress.ts';

/**
 * `npm run demo`: the main job of Vigil on real input, every step checked. In a terminal it stays up afterwards for
 * exploring, until Ctrl-C; with `--exit`, or without a terminal, it ends by itself. Exit code 0 only when all of it happened.
 */
/** About how long the story takes: a kill falls into it. */
const storyMs = 30_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const print = (line: string) => console.log(line);
const stays = process.stdout.isTTY && process.stdin.isTTY && !process.argv.includes('--exit');
const directory = option('--directory') ?? join(root, '.vigil', 'demo');

const supervisor = await createSupervisor({ directory, log: print });
stopOnSignals(supervisor, print);
let code = 0;
try {
  const progress = createProgress(print);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const world = await prepare({ supervisor, directory, environment: processEnvironment, progress, ui: stays });
  await withStrike(world, () => tell(world, progress, print));
  print(`\n${summaryTable(progress)}\n`);
  writeFileSync(
    join(directory, 'world.json'),
    JSON.stringify({ owner: world.stack.urls.owner, simulators: world.simulators }),
    { mode: 0o600 },
  );
  if (stays) await explore(world);
} catch (error) {
  if (!(error instanceof StoppingError)) print(describe(error));
  code = 1;
}
await supervisor.stopAll();
process.exit(code);

/** With `--strike SEED`, one part is killed at a moment of the story that the seed picks, and the story must go on. */
async function withStrike(world: World, story: () => Promise<void>): Promise<void> {
  const seed = option('--strike');
  if (seed === null) return story();
  const over = new AbortController();
  const struck = strike(world.stack, strikeOf(Number(seed), storyMs), over.signal, print);
  struck.catch(() => undefined);
  try {
    await story();
  } finally {
    over.abort();
  }
  if (!(await struck)) print('! the story was over before the kill');
}

async function explore(world: World): Promise<void> {
  print(`The API is at ${world.stack.apiUrl} (its description at /openapi.json).`);
  if (world.stack.temporalUiUrl) print(`Temporal's own pages are at ${world.stack.temporalUiUrl}.`);
  print(`A token for everyone in the story is in ${join(directory, 'tokens')}. Three things to try:`);
  const call = `VIGIL_API_URL=${world.stack.apiUrl} bin/vigil --token-file ${join(directory, 'tokens')}`;
  print(`  ${call}/launch-owner launch list`);
  print(`  ${call}/rung-1 escalation list`);
  print(`  ${call}/reviewer-a case list`);
  print('Ctrl-C ends it and leaves nothing running.');
  await new Promise(() => undefined);
}

function describe(error: unknown): string {
  if (error instanceof ProblemError) return `${error.stack}\n${JSON.stringify(error.problem)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}
