import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.ts';

/** `npm run simulate -- <name> --seed N`: one seed of one scenario, each step printed. Exit code 1 when it fails, 2 on bad arguments. */
function main(): number {
  const usage = `usage: npm run simulate -- <${Object.keys(scenarios).join('|')}> --seed N`;
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' } },
    strict: false,
  });
  const name = positionals[0] ?? '';
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
  const seed = Number(values['seed'] ?? '1');
  if (scenario === undefined || !Number.isInteger(seed)) {
    console.error(usage);
    return 2;
  }
  try {
    scenario.replay(seed, (line) => console.log(line));
    return 0;
  } catch (failure) {
    console.error(`${scenario.name} fails with seed ${seed}:`, failure);
    return 1;
  }
}

process.exitCode = main();
