import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectDatabase } from '#db/client.ts';
import { createSupervisor } from '#scripts/processes.ts';
import { startStack } from '#scripts/stack.ts';
import type { Stack } from '#scripts/stack.ts';
import { stopOnSignals } from '#scripts/stop-on-signals.ts';
import { createFirstAdmin } from '../bootstrap.ts';
import { createContext } from '../context.ts';
import type { Context } from '../context.ts';
import { devSetup } from './setup.ts';
import { seed } from './seed.ts';
import { UsageError } from '../io.ts';
import { applySetup } from '../setup/apply.ts';
import { keepTokens, tokenFile, writeToken } from '../token-files.ts';

export interface DevOptions {
  readonly seed: boolean;
  readonly ui: boolean;
  readonly directory: string;
}

/** Brings everything up, says how to get in, and stays until it is told to stop. */
export async function runDev(context: Context, options: DevOptions): Promise<void> {
  const { directory } = options;
  const say = (line: string) => context.output.remark(line);
  const supervisor = await createSupervisor({ directory, log: say });
  stopOnSignals(supervisor, say);
  try {
    say('Postgres, Temporal, API and worker come up …');
    const stack = await startStack({
      supervisor,
      directory,
      environment: context.io.environment,
      ui: options.ui,
      settings: { VIGIL_SWEEP_INTERVAL: '3s' },
    });
    const tokens = join(directory, 'tokens');
    await keepAdminToken(stack, tokenFile(tokens, 'admin'));
    const local = createContext(
      { ...context.io, environment: environmentOf(stack) },
      { json: context.output.isJson, wait: context.globals.wait, tokenFile: tokenFile(tokens, 'admin') },
    );
    const { ids } = await populate(local, options, tokens);
    writeFileSync(join(directory, 'env'), environmentFile(stack), { mode: 0o600 });
    announce(context, stack, { directory, tokens, people: Object.keys({ ...ids.people, ...ids.senders }) });
    await new Promise<never>(() => undefined);
  } finally {
    await supervisor.stopAll();
  }
}

async function populate(local: Context, { seed: isSeeded }: DevOptions, tokens: string) {
  const keep = keepTokens(local, tokens);
  const { ids } = await applySetup(devSetup(), {
    admin: local.api,
    as: async (person) => local.apiWith(await keep(person)),
  });
  const all = Object.entries({ ...ids.people, ...ids.senders });
  for (const [key, id] of all) await keep({ key, id });
  if (isSeeded) {
    const as = async (key: string) => local.apiWith(await keep({ key, id: Object.fromEntries(all)[key] ?? '' }));
    const seeded = await seed({ ids, as, now: Date.now() });
    local.output.remark(
      seeded === null
        ? 'There are launches already: nothing is added.'
        : `Added ${seeded.launches.length} launches, ${seeded.events} events and an escalation.`,
    );
  }
  return { ids };
}

async function keepAdminToken(stack: Stack, file: string): Promise<void> {
  if (existsSync(file)) return;
  const url = stack.urls.app;
  const db = connectDatabase({
    url,
    size: 1,
    applicationName: 'vigil-dev',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  try {
    const admin = await createFirstAdmin(db, { name: 'admin', days: 365 });
    if (admin === null)
      throw new UsageError(`${file} is gone, and there is an administrator already: remove the folder to begin anew`);
    writeToken(file, admin.token);
  } finally {
    await db.$client.end();
  }
}

const environmentOf = (stack: Stack): Record<string, string> => ({
  VIGIL_API_URL: stack.apiUrl,
  VIGIL_DATABASE_URL: stack.urls.app,
  VIGIL_DATABASE_OWNER_URL: stack.urls.owner,
  VIGIL_DETECTOR_DATABASE_URL: stack.urls.detector,
  TEMPORAL_ADDRESS: stack.temporalAddress,
  VIGIL_API_PUBLIC_URL: stack.apiUrl,
  VIGIL_SIGNING_SECRETS_FILE: stack.secretFile,
});

/** What another terminal reads in: where this Vigil is, and `vigil` itself on its path. */
const environmentFile = (stack: Stack): string =>
  [
    ...Object.entries(environmentOf(stack)).map(([name, value]) => `export ${name}='${value}'\n`),
    `export PATH='${join(import.meta.dirname, '../../bin')}':"$PATH"\n`,
  ].join('');

function announce(
  { output }: Context,
  stack: Stack,
  of: { directory: string; tokens: string; people: readonly string[] },
): void {
  const vigil = `vigil --token-file ${of.tokens}`;
  output.show({ apiUrl: stack.apiUrl, temporalUiUrl: stack.temporalUiUrl, ...of }, () =>
    [
      '',
      output.fields([
        ['API', `${stack.apiUrl} (described at /openapi.json)`],
        ['Temporal', stack.temporalUiUrl ?? stack.temporalAddress],
        ['tokens', `${of.tokens}/, one file for each of: ${['admin', ...of.people].join(', ')}`],
        ['logs', join(of.directory, 'logs')],
      ]),
      '',
      'In another terminal:',
      `  . ${join(of.directory, 'env')}`,
      `  ${vigil}/launch_owner launch list`,
      `  ${vigil}/responder escalation ack`,
      `  ${vigil}/reviewer case claim --queue general`,
      '',
      'Ctrl-C ends it and leaves nothing running.',
    ].join('\n'),
  );
}
