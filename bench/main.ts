import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopOnSignals } from '#scripts/stop-on-signals.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { linesOf } from './figures.ts';
import { scenarios } from './scenarios.ts';
import { longScenarios } from './scenarios/index.ts';

/**
 * `npm run bench [-- name …] [--seed N]`: brings up a Vigil on loopback, runs the named scenarios (or the short ones), prints
 * a table, and writes the numbers with date, commit, seed and machine to bench/results/. Everything shares the cores:
 * client, API, worker, servers.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const seedAt = process.argv.indexOf('--seed');
const seed = seedAt < 0 ? 1 : Number(process.argv[seedAt + 1]);
const wanted = process.argv
  .slice(2)
  .filter((_, index) => seedAt < 0 || (index + 2 !== seedAt && index + 2 !== seedAt + 1));
const short = scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const long = longScenarios.filter(({ name }) => wanted.includes(name));
const known: string[] = [...scenarios, ...longScenarios].map(({ name }) => name);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(`npm run bench [-- name …] [--seed N]; the names are ${known.join(', ')}`);
  process.exit(2);
}

let current: Bench | null = null;
stopOnSignals({ stopAll: async () => current?.supervisor.stopAll() }, console.error);
/** One Vigil, brought up for this alone. */
async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  current = await startBench(join(root, '.vigil', 'bench'));
  try {
    await work(current);
  } finally {
    await current.close();
    current = null;
  }
}

// The figures are those of a quiet machine only if this says so.
const loadBefore = loadavg()[0];
const results: Record<string, unknown> = {};
if (short.length > 0)
  await withBench(async ({ world, phone }) => {
    for (const scenario of short) {
      const measured = await scenario.run(world, phone);
      results[scenario.name] = measured;
      console.log(
        `${scenario.name.padEnd(16)} ${String(measured.perSecond).padStart(8)}/s  p50 ${String(measured.p50Ms).padStart(7)} ms  p99 ${String(measured.p99Ms).padStart(8)} ms  n ${measured.count}  errors ${measured.errors}   ${scenario.what}`,
      );
    }
  });
for (const scenario of long)
  await withBench(async (bench) => {
    const report = await scenario.run(bench, seed);
    results[scenario.name] = report;
    console.log(linesOf(`${scenario.name}: ${scenario.what}`, report).join('\n'));
  });

const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const commit = git('rev-parse', '--short', 'HEAD');
const date = new Date().toISOString();
const report = {
  date,
  commit,
  changed: git('status', '--porcelain') !== '',
  seed,
  cores: cpus().length,
  loadBefore,
  node: process.version,
  results,
};
const name = [date.slice(0, 10), commit, ...(wanted.length === 0 ? [] : [wanted.join('+')])].join('-');
mkdirSync(join(root, 'bench', 'results'), { recursive: true });
writeFileSync(join(root, 'bench', 'results', `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
console.log(`written to bench/results/${name}.json`);
process.exit(0);
