import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrateDatabase } from '#db/migrate.ts';
import { startPostgres } from './local-postgres.ts';
import type { LocalPostgres } from './local-postgres.ts';
import { startTemporal } from './local-temporal.ts';
import type { LocalTemporal } from './local-temporal.ts';
import { findFreePort } from './ports.ts';
import type { SupervisedProcess, Supervisor } from './processes.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

export interface StackOptions {
  readonly supervisor: Supervisor;
  /** State, logs and secrets go here; a second stack needs another folder. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Serve Temporal's own web UI, where the server has one. */
  readonly ui?: boolean;
  readonly log?: (message: string) => void;
  /** Settings of API and worker beside those of the stack itself, by the names of `.env.example`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A whole Vigil on this machine. Each part can be killed and started again on its own, at the same address. */
export interface Stack {
  readonly postgres: LocalPostgres;
  readonly urls: { readonly owner: string; readonly app: string; readonly detector: string };
  /** The file with the secret that signs outgoing calls: receivers need it. */
  readonly secretFile: string;
  readonly temporalUiUrl: string | null;
  readonly temporalAddress: string;
  readonly apiUrl: string;
  readonly worker: { kill(): Promise<void>; start(): Promise<void>; pid(): number };
  readonly api: { kill(): Promise<void>; start(): Promise<void>; pid(): number };
  readonly temporal: { kill(): Promise<void>; start(): Promise<void> };
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** Compiled modules of all processes of a stack: a warm start spends its time on starting, not on compiling. */
export const compileCache = join(root, '.vigil', 'cache', 'node');

/**
 * Brings up Postgres, Temporal, API and worker, migrated and ready. Everything is started through the supervisor, which
 * also stops it. Ports are found free; state is kept in `directory`, so a second start goes on where the first ended.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { supervisor, directory, log = () => undefined, settings = {} } = options;
  mkdirSync(directory, { recursive: true });
  const environment = { ...options.environment };
  const [postgres, firstTemporal, bundle] = await Promise.all([
    supervisor.start('postgres', () => startPostgres({ directory, log })),
    supervisor.start('temporal', () => startTemporal({ directory, environment, log, ui: options.ui ?? false })),
    buildWorkflowBundle({ folder: join(root, '.vigil', 'bundles') }),
  ]);
  let temporal: LocalTemporal = firstTemporal;
  const passwords = {
    appPassword: kept(directory, 'app.password'),
    detectorPassword: kept(directory, 'detector.password'),
  };
  await migrateDatabase(postgres.ownerUrl, passwords);
  const urls = {
    owner: postgres.ownerUrl,
    app: as(postgres.ownerUrl, 'vigil_app', passwords.appPassword),
    detector: as(postgres.ownerUrl, 'vigil_detector', passwords.detectorPassword),
  };
  const secretFile = join(directory, 'signing.secret');
  if (!existsSync(secretFile))
    writeFileSync(secretFile, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const apiPort = await findFreePort();
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const variables: NodeJS.ProcessEnv = {
    PATH: environment['PATH'],
    HOME: environment['HOME'],
    TZ: 'UTC',
    NODE_COMPILE_CACHE: compileCache,
    VIGIL_DATABASE_URL: urls.app,
    VIGIL_DETECTOR_DATABASE_URL: urls.detector,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    VIGIL_API_PORT: String(apiPort),
    VIGIL_API_PUBLIC_URL: apiUrl,
    VIGIL_SIGNING_SECRETS_FILE: secretFile,
    VIGIL_WORKFLOW_BUNDLE: bundle,
    ...settings,
  };
  const run = (name: string, file: string): Promise<SupervisedProcess> =>
    supervisor.spawnProcess({
      name,
      command: process.execPath,
      args: [join(root, file)],
      env: variables,
      cwd: root,
      ready: { line: /^ready (?<url>http:\S+)$/m },
    });
  let [api, worker] = await Promise.all([run('api', 'api/server.ts'), run('worker', 'worker/main.ts')]);
  return {
    postgres,
    urls,
    secretFile,
    temporalUiUrl: firstTemporal.uiUrl,
    temporalAddress: firstTemporal.address,
    apiUrl,
    api: {
      pid: () => api.pid,
      kill: async () => void (await api.kill()),
      start: async () => {
        api = await run('api', 'api/server.ts');
      },
    },
    worker: {
      pid: () => worker.pid,
      kill: async () => void (await worker.kill()),
      start: async () => {
        worker = await run('worker', 'worker/main.ts');
      },
    },
    temporal: {
      kill: () => temporal.kill(),
      start: async () => {
        const port = Number(firstTemporal.address.split(':').at(-1));
        temporal = await supervisor.start('temporal', () =>
          startTemporal({ directory, environment, log, port, ui: options.ui ?? false }),
        );
      },
    },
  };
}

/** The file with the secret that signs outgoing calls, made on first use: receivers that start before the stack need it. */
export function signingSecretFile(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'signing.secret');
  if (!existsSync(file)) writeFileSync(file, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return file;
}

/** A random password that this folder keeps for its owner alone. */
function kept(directory: string, name: string): string {
  const file = join(directory, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

function as(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = password;
  return url.toString();
}
