import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import type { Supervisor } from '#scripts/processes.ts';
import { stopOnSignals } from '#scripts/stop-on-signals.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { linesOf } from './figures.ts';
import type { Report } from './figures.ts';
import type { Measured } from './load.ts';
import { machineNow, root, sourceNow, versionsOf } from './machine.ts';
import { latenessPicture } from './picture.ts';
import { committedResults, writeResult } from './results.ts';
import type { Run } from './run.ts';
import { scenarios } from './scenarios.ts';
import { longScenarios } from './scenarios/index.ts';

/**
 * `npm run bench [-- name …] [--seed N] [--scale S]`: brings up a Vigil on loopback, runs the named scenarios (or the short
 * ones), prints a table, and writes the figures to bench/results/, one file for each long scenario. Everything shares the
 * cores: client, API, worker, servers. A scenario that fails does not keep the others from running.
 *
 * `npm run bench -- picture` draws bench/results/lateness.svg of the newest committed result and runs nothing.
 */
const known: string[] = [...scenarios, ...longScenarios].map(({ name }) => name);
const { wanted, run } = readArguments();
if (wanted.includes('picture')) {
  drawPicture();
  process.exit(0);
}
const short = scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const long = longScenarios.filter(({ name }) => wanted.includes(name));
const source = sourceNow();

let running: Supervisor | null = null;
stopOnSignals({ stopAll: async () => running?.stopAll() }, console.error);
let failed = 0;
if (short.length > 0) await record(wanted.length === 0 ? null : short.map(({ name }) => name).join('+'), runShort);
for (const scenario of long)
  await record(scenario.name, async (bench) => {
    const report = await scenario.run(bench, run);
    console.log(linesOf(`${scenario.name}: ${scenario.what}`, report).join('\n'));
    return { [scenario.name]: report };
  });
process.exit(failed === 0 ? 0 : 1);

/** Has a Vigil brought up for this alone, and keeps what was measured under that name. */
async function record(
  name: string | null,
  measure: (bench: Bench) => Promise<Record<string, Measured | Report>>,
): Promise<void> {
  const date = new Date().toISOString();
  const machine = await machineNow();
  let bench: Bench | null = null;
  try {
    // A trial has a folder of its own, so that it does not end a measurement.
    bench = await startBench(join(root, '.vigil', run.scale === 1 ? 'bench' : 'bench-trial'), (supervisor) => {
      running = supervisor;
    });
    const versions = await versionsOf(bench.stack);
    const results = await measure(bench);
    await endOfInterrupted();
    console.log(`written to ${writeResult({ date, ...source, ...run, ...machine, versions, results }, name)}`);
    if (run.scale === 1 && Object.values(results).some((result) => 'levels' in result))
      console.log('once that is committed, npm run bench -- picture draws bench/results/lateness.svg of it');
  } catch (error) {
    await endOfInterrupted();
    failed++;
    console.error(`${name ?? 'the short scenarios'}:`, error);
  } finally {
    await bench?.close();
    await running?.stopAll();
    running = null;
  }
}

/** After Ctrl-C what was measured is worth nothing and nothing more may start: the process ends when all has stopped. */
async function endOfInterrupted(): Promise<void> {
  if (running?.stopping.aborted === true) await new Promise(() => undefined);
}

async function runShort({ world, phone }: Bench): Promise<Record<string, Measured>> {
  const results: Record<string, Measured> = {};
  for (const scenario of short) {
    const measured = await scenario.run(world, phone);
    results[scenario.name] = measured;
    console.log(
      `${scenario.name.padEnd(16)} ${String(measured.perSecond).padStart(8)}/s  p50 ${String(measured.p50Ms).padStart(7)} ms  p99 ${String(measured.p99Ms).padStart(8)} ms  n ${measured.count}  errors ${measured.errors}   ${scenario.what}`,
    );
  }
  return results;
}

function drawPicture(): void {
  const picture = latenessPicture(committedResults());
  if (picture === null) {
    console.error(
      'no committed result has lateness by live ladders: npm run bench -- ladders-5000, and commit its file',
    );
    process.exit(1);
  }
  writeFileSync(join(root, 'bench', 'results', 'lateness.svg'), picture);
  console.log('written to bench/results/lateness.svg');
}

function readArguments(): { wanted: readonly string[]; run: Run } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'string', default: '1' }, scale: { type: 'string', default: '1' } },
    });
    const [seed, scale] = [Number(values.seed), Number(values.scale)];
    const isKnown = positionals.every((name) => known.includes(name) || name === 'picture');
    if (isKnown && Number.isSafeInteger(seed) && scale > 0 && scale <= 1)
      return { wanted: positionals, run: { seed, scale } };
  } catch {
    // An option that there is not: the usage says which there are.
  }
  console.error(`npm run bench [-- name …] [--seed N] [--scale 0.05]; the names are ${known.join(', ')}, picture`);
  process.exit(2);
}
