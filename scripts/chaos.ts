import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processEnvironment } from '#config/env.ts';
import { startPostgres } from './local-postgres.ts';

/**
 * `npm run chaos [-- --rounds N] [--from SEED]`: tells the story again and again, each time with one part (worker, API or
 * Temporal) killed by SIGKILL at a moment that the seed picks, and lets the independent checker judge what is left. A
 * round that fails is repeated by its seed: `--rounds 1 --from SEED`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = Number(option('--rounds') ?? 20);
const first = Number(option('--from') ?? 1);
const results = [];
for (let seed = first; seed < first + rounds; seed++) {
  const round = await runRound(seed);
  results.push(round);
  console.log(
    `${round.ok ? 'ok  ' : 'FAIL'} seed ${seed}: ${round.struck}; ${round.seconds.toFixed(0)} s; ${round.verdict}`,
  );
  if (!round.ok) console.log(round.detail);
}
const failed = results.filter(({ ok }) => !ok);
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

interface Round {
  readonly ok: boolean;
  readonly seconds: number;
  readonly struck: string;
  readonly verdict: string;
  readonly detail: string;
}

async function runRound(seed: number): Promise<Round> {
  const directory = join(root, '.vigil', 'chaos');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const began = performance.now();
  const story = await node(['demo/main.ts', '--exit', '--directory', directory, '--strike', String(seed)]);
  const struck = /! SIGKILL to .*/.exec(story.text)?.[0].slice(2) ?? 'the story was over before the kill';
  const postgres = await startPostgres({ directory });
  try {
    const url = join(directory, 'owner.url');
    writeFileSync(url, postgres.ownerUrl, { mode: 0o600 });
    const logs = ['api', 'worker'].flatMap((name) => ['--log', join(directory, 'logs', `${name}.log`)]);
    const simulators = [
      '--platform-log',
      join(directory, 'platform.ndjson'),
      '--phones-log',
      join(directory, 'phones.ndjson'),
    ];
    const check = await node(['checker/main.ts', '--database', url, ...simulators, ...logs]);
    return {
      ok: story.code === 0 && check.code === 0,
      seconds: (performance.now() - began) / 1_000,
      struck,
      verdict: `story ${story.code === 0 ? 'told to the end' : 'FAILED'}, promises ${check.code === 0 ? 'hold' : 'BROKEN'}`,
      detail: [story.code === 0 ? '' : story.text.slice(-3_000), check.code === 0 ? '' : check.text].join('\n'),
    };
  } finally {
    await postgres.stop();
  }
}

async function node(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...processEnvironment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

function option(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}
