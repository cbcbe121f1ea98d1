import type { Command } from 'commander';
import { readClientConfig, readTemporalAddress } from '#config/env.ts';
import type { Context, Run } from '../context.ts';
import { readNumber } from '../decisions.ts';
import type { Check, CheckStatus } from '../doctor/check.ts';
import { skip } from '../doctor/check.ts';
import { checkConfiguration } from '../doctor/configuration.ts';
import { checkCoverage } from '../doctor/coverage.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { AwayError, ProblemError } from '../http.ts';
import type { Style } from '../output.ts';

const styles: Readonly<Record<CheckStatus, Style>> = { ok: 'good', warn: 'warn', fail: 'bad', skip: 'dim' };

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look at everything that an installation needs, and say what to do; ends with 1 when something fails')
    .action(run(async (context) => show(context, await examine(context))));

  program
    .command('check')
    .description('for CI: ends with 3 when a schedule has a gap or a rung can reach nobody')
    .option('--days <n>', 'how far ahead', readNumber, 30)
    .action(
      run<{ days: number }>(async (context, { days }) => {
        const code = show(context, await checkCoverage(context.api, days));
        return code === exitCodes.done ? code : exitCodes.refused;
      }),
    );
}

async function examine(context: Context): Promise<Check[]> {
  const { environment } = context.io;
  // Loaded here alone: the clients of Postgres and Temporal take longer to read than most commands take.
  const { checkDatabase } = await import('../doctor/database.ts');
  const { checkTemporal } = await import('../doctor/temporal.ts');
  const { checkOrphans, checkStuck } = await import('../doctor/orphans.ts');
  const { checkApi, checkWorker } = await import('../doctor/services.ts');
  const { checkSlack } = await import('../doctor/slack.ts');
  const { connectTemporal } = await import('#gateway/temporal.ts');
  const { config, checks } = checkConfiguration(environment);
  if (config === null) return [...checks, skip('everything else', 'the configuration cannot be read')];
  const now = () => Date.now();
  const address = readTemporalAddress(environment);
  const temporal = connectTemporal(address, 'vigil-doctor');
  const apiUrl = context.globals.apiUrl ?? readClientConfig(environment).apiUrl;
  try {
    const found = await Promise.all([
      checkDatabase({ url: config.db.url.reveal(), detectorUrl: config.db.detectorUrl?.reveal() ?? null, now }),
      checkTemporal(temporal.client, address.address, now),
      checkOrphans(config.db.url.reveal(), temporal.client),
      checkStuck(temporal.client),
      checkWorker(config),
      checkApi(apiUrl),
      checkSlack(config),
      coverage(context),
    ]);
    return [...checks, ...found.flat()];
  } finally {
    await temporal.close();
  }
}

/** On-call for a week, where the caller has a token. */
async function coverage(context: Context): Promise<Check[]> {
  const hasToken = context.globals.tokenFile !== undefined || readClientConfig(context.io.environment).token !== null;
  if (!hasToken) return [skip('on-call', 'no token: set VIGIL_TOKEN or --token-file')];
  try {
    return await checkCoverage(context.api, 7);
  } catch (error) {
    if (error instanceof AwayError) return [skip('on-call', 'the API does not answer')];
    if (error instanceof ProblemError) return [skip('on-call', error.message)];
    throw error;
  }
}

function show({ output }: Context, checks: readonly Check[]): ExitCode {
  output.show(checks, (rows) =>
    output.table(
      rows,
      [
        { title: '', value: ({ status }) => status, style: ({ status }) => styles[status] },
        { title: 'what', value: ({ name }) => name },
        { title: 'found', value: ({ detail }) => detail },
        { title: 'do', value: ({ remedy }) => remedy ?? '' },
      ],
      '',
    ),
  );
  return checks.some(({ status }) => status === 'fail') ? exitCodes.unexpected : exitCodes.done;
}
