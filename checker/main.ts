import { parseArgs } from 'node:util';
import { linesOf, runChecker, textOf } from './run.ts';
import type { CheckerOptions, CheckerReport } from './run.ts';

const usage = `Tells which of Vigil's promises I1 to I10 hold, from its database and the simulators' logs.

  node checker/main.ts --database FILE [options]

  --database FILE      holds the URL of the database's owner, which stays out of the command line that way
  --platform-log FILE  the platform simulator's log: without it nothing is said about enforcement
  --phones-log FILE    the phone simulator's log
  --log FILE           a log of Vigil's own, searched for secrets and markers; may be given more than once
  --markers FILE       texts, one a line, that were put in as content or secrets and may not turn up elsewhere
  --quiet-ms N         what is older than this and has not happened counts as lost (60000)
  --require-all        fail when something that must exist was not examined
  --json               print the report as JSON

Exit code 0: all hold. 1: a promise is broken. 2: not everything was examined (--require-all). 3: it could not run.
`;

const shownViolations = 20;

function readOptions() {
  const { values } = parseArgs({
    options: {
      database: { type: 'string' },
      'platform-log': { type: 'string' },
      'phones-log': { type: 'string' },
      log: { type: 'string', multiple: true, default: [] },
      markers: { type: 'string' },
      'quiet-ms': { type: 'string' },
      'require-all': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function toCheckerOptions(values: ReturnType<typeof readOptions>): CheckerOptions {
  if (values.database === undefined) throw new Error('--database is missing');
  const quietSinceMs = values['quiet-ms'] === undefined ? undefined : Number(values['quiet-ms']);
  if (quietSinceMs !== undefined && !(Number.isSafeInteger(quietSinceMs) && quietSinceMs >= 0)) {
    throw new Error('--quiet-ms must be a number of milliseconds');
  }
  return {
    databaseUrl: textOf(values.database),
    logs: values.log,
    markers: values.markers === undefined ? [] : linesOf(values.markers),
    ...(values['platform-log'] === undefined ? {} : { platformLog: values['platform-log'] }),
    ...(values['phones-log'] === undefined ? {} : { phonesLog: values['phones-log'] }),
    ...(quietSinceMs === undefined ? {} : { bounds: { quietSinceMs } }),
  };
}

function toText({ promises, holds, complete }: CheckerReport): string {
  const lines = promises.flatMap(({ promise, title, examined, notExamined, violations }) => [
    `${promise.padEnd(4)}${violations.length === 0 ? 'holds ' : 'BROKEN'} ${title}`,
    `      examined: ${Object.entries(examined)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')}`,
    ...(notExamined.length === 0 ? [] : [`      NOT examined: ${notExamined.join(', ')}`]),
    ...violations
      .slice(0, shownViolations)
      .map(({ aggregate, what, at }) => `      ${aggregate}: ${what}${at === null ? '' : ` (${at})`}`),
    ...(violations.length > shownViolations ? [`      and ${violations.length - shownViolations} more`] : []),
  ]);
  const verdict = holds
    ? complete
      ? 'All promises hold.'
      : 'All promises hold of what was examined.'
    : 'Promises are broken.';
  return [...lines, verdict].join('\n');
}

async function main(): Promise<number> {
  const values = readOptions();
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const report = await runChecker(toCheckerOptions(values));
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : toText(report)}\n`);
  if (!report.holds) return 1;
  return values['require-all'] && !report.complete ? 2 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`);
  process.exitCode = 3;
}
