import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processEnvironment } from '#config/env.ts';
import { createSupervisor } from '#scripts/processes.ts';
import { stopOnSignals } from '#scripts/stop-on-signals.ts';
import { startStack } from '#scripts/stack.ts';
import type { Measured } from './load.ts';
import { startBenchPhone } from './phones.ts';
import { scenarios } from './scenarios.ts';
import { prepareBench } from './world.ts';

/**
 * `npm run bench [-- name …]`: brings up a Vigil on loopback, runs the named scenarios (or all), prints a table, and writes
 * the numbers with date, commit and machine to bench/results/. Everything shares the cores: client, API, worker, servers.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const directory = join(root, '.vigil', 'bench');
const wanted = process.argv.slice(2);
const chosen = scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
  console.error(`there is none of these; choose from ${scenarios.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const supervisor = await createSupervisor({ directory, log: () => undefined });
stopOnSignals(supervisor, console.error);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const phone = await startBenchPhone();
const stack = await startStack({
  supervisor,
  directory,
  environment: processEnvironment,
  settings: {
    VIGIL_OUTGOING_ALLOW: new URL(phone.url).host,
    VIGIL_API_RATE_LIMIT: '10000000',
    VIGIL_LOG_LEVEL: 'warn',
  },
});
// The figures are those of a quiet machine only if this says so.
const loadBefore = loadavg()[0];
const world = await prepareBench(stack, phone.url);

const results: Record<string, Measured> = {};
for (const scenario of chosen) {
  const measured = await scenario.run(world, phone);
  results[scenario.name] = measured;
  console.log(
    `${scenario.name.padEnd(16)} ${String(measured.perSecond).padStart(8)}/s  p50 ${String(measured.p50Ms).padStart(7)} ms  p99 ${String(measured.p99Ms).padStart(8)} ms  n ${measured.count}  errors ${measured.errors}   ${scenario.what}`,
  );
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const date = new Date().toISOString();
const report = { date, commit, cores: cpus().length, loadBefore, node: process.version, results };
mkdirSync(join(root, 'bench', 'results'), { recursive: true });
writeFileSync(
  join(root, 'bench', 'results', `${date.slice(0, 10)}-${commit}.json`),
  `${JSON.stringify(report, null, 2)}\n`,
);
console.log(JSON.stringify(report));
await world.close();
await supervisor.stopAll();
await phone.close();
process.exit(0);
