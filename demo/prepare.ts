import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Supervisor } from '#scripts/processes.ts';
import { signingSecretFile, startStack } from '#scripts/stack.ts';
import { createFirstAdmin } from '#cli/bootstrap.ts';
import { connectDatabase } from '#db/client.ts';
import { loadReferenceLists } from './feed/reference-lists.ts';
import { demoSetup } from './setup.ts';
import { placeSimulators, startSimulators } from './simulators/start.ts';
import type { Progress } from './story/progress.ts';
import { productSalt } from './story/traffic.ts';
import { createWorld } from './story/world.ts';
import type { World } from './story/world.ts';
import { install } from './tokens.ts';

export interface PrepareOptions {
  readonly supervisor: Supervisor;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  readonly ui: boolean;
}

/** Brings up Vigil and the outside systems of the story, and installs its people, rota, queues, policies and detectors. */
export async function prepare({ supervisor, directory, environment, progress, ui }: PrepareOptions): Promise<World> {
  const secretFile = signingSecretFile(directory);
  const simulators = await placeSimulators(directory);
  const stack = await progress.step(
    'Postgres, Temporal, API, worker and three outside systems',
    async () => {
      const [started] = await Promise.all([
        startStack({
          supervisor,
          directory,
          environment,
          ui,
          settings: {
            VIGIL_OUTGOING_ALLOW: Object.values(simulators)
              .map(({ url }) => new URL(url).host)
              .join(','),
            VIGIL_ENFORCEMENT_URL: simulators.platform.url,
            VIGIL_REFERENCE_LISTS: writeReferenceLists(directory),
            VIGIL_SWEEP_INTERVAL: '2s',
          },
        }),
        startSimulators(supervisor, simulators, secretFile),
      ]);
      return started;
    },
    ({ apiUrl }) => `up at ${apiUrl}`,
  );
  const { installed } = await progress.step(
    'People, rota, queues, policies, product and detectors',
    async () => {
      const facts = { phonesUrl: simulators.phones.url, classifierUrl: simulators.classifier.url, now: Date.now() };
      return { installed: await install(stack.apiUrl, await adminToken(stack.urls.app), demoSetup(facts)) };
    },
    ({ installed: { tokens } }) => `${tokens.size} people and services with tokens`,
  );
  writeTokens(directory, installed.tokens);
  return createWorld({ stack, simulators, directory, cache: cacheFolder, startedAt: Date.now(), ...installed });
}

async function adminToken(url: string): Promise<string> {
  const db = connectDatabase({
    url,
    size: 1,
    applicationName: 'vigil-demo',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  try {
    const admin = await createFirstAdmin(db, { name: 'admin', days: 7 });
    if (admin === null) throw new Error('the fresh database has an administrator already');
    return admin.token;
  } finally {
    await db.$client.end();
  }
}

/** Shared by all runs: the parsed corpus and the trained model. */
const cacheFolder = join(fileURLToPath(new URL('..', import.meta.url)), '.vigil', 'cache');

function writeTokens(directory: string, tokens: ReadonlyMap<string, string>): void {
  const folder = join(directory, 'tokens');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [who, token] of tokens) writeFileSync(join(folder, who), token, { mode: 0o600 });
}

/** The lists that the rules name, as the worker reads them: one entry a line. */
function writeReferenceLists(directory: string): string {
  const folder = join(directory, 'reference-lists');
  mkdirSync(folder, { recursive: true });
  const { disposableDomainHashes, crawlerUserAgentPatterns } = loadReferenceLists(productSalt);
  // The package's patterns are regular expressions; those that are plain text serve as substrings, the others are left out.
  const plain = crawlerUserAgentPatterns
    .map((pattern) => pattern.replaceAll('\\/', '/'))
    .filter((pattern) => /^[\w ./:-]{4,}$/.test(pattern));
  writeFileSync(join(folder, 'disposable_domains.members.txt'), [...disposableDomainHashes].join('\n'));
  writeFileSync(join(folder, 'crawler_agents.patterns.txt'), plain.join('\n'));
  return folder;
}
