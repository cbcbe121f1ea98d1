import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './figures.ts';
import type { Measured } from './load.ts';
import { git, root } from './machine.ts';
import type { Machine, Source, Versions } from './machine.ts';
import type { Run } from './run.ts';

/** One file of `bench/results/`: what was measured, of what, on what, and when it began. */
export interface Result extends Source, Run, Machine {
  readonly date: string;
  readonly versions: Versions;
  readonly results: Readonly<Record<string, Measured | Report>>;
}

const folder = 'bench/results';

/** Writes a result under its date, commit and name, and says where. What is no full run is kept apart: it is no figure. */
export function writeResult(result: Result, name: string | null): string {
  const into = result.scale === 1 ? folder : '.vigil/bench-trials';
  const file = `${[result.date.slice(0, 10), result.commit, ...(name === null ? [] : [name])].join('-')}.json`;
  mkdirSync(join(root, into), { recursive: true });
  writeFileSync(join(root, into, file), `${JSON.stringify(result, null, 2)}\n`);
  return `${into}/${file}`;
}

/** The committed results, the newest first, as they stand in the last commit. Those of older versions lack some fields. */
export function committedResults(): (Partial<Result> & Pick<Result, 'date' | 'commit' | 'cores' | 'results'>)[] {
  return git('ls-tree', '-r', '--name-only', 'HEAD', folder)
    .split('\n')
    .filter((path) => path.endsWith('.json'))
    .map((path) => JSON.parse(git('show', `HEAD:${path}`)) as Result)
    .sort((a, b) => b.date.localeCompare(a.date));
}
