import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startChild } from './child-process.ts';
import type { Child } from './child-process.ts';
import { endProcess, stopLeftovers } from './pid-records.ts';
import { findFreePort } from './ports.ts';
import { canReach, copyBinariesTo, findPostgresBinaries, postgresUser, temporaryHome } from './postgres-binaries.ts';
import type { PostgresBinaries, SystemUser } from './postgres-binaries.ts';
import { identify } from './process-identity.ts';

export interface PostgresOptions {
  /** The project's state folder, `.vigil/`. The cluster lives in its `postgres/`. */
  readonly directory: string;
  /** False trades the safety of the data for speed: for tests, whose data nobody misses. Default true. */
  readonly durable?: boolean;
  readonly log?: (message: string) => void;
}

export interface LocalPostgres {
  /** Connects the superuser to the database `vigil`. Holds a password: never print it. */
  readonly ownerUrl: string;
  readonly port: number;
  readonly pid: number;
  /** Disconnects the clients, writes a checkpoint and ends. */
  stop(): Promise<void>;
  /** Stops and starts again on the same port. `immediate` is a crash: the next start recovers from the log. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
}

const run = promisify(execFile);
const owner = 'vigil_owner';
const database = 'vigil';
const startWithinMs = 30_000;
const stopWithinMs = 15_000;

/** A cluster on disk and what is needed to run it. */
interface Cluster {
  readonly data: string;
  readonly password: string;
  readonly user: SystemUser | undefined;
  readonly binaries: PostgresBinaries;
}

/**
 * Starts the Postgres of this checkout, making its cluster on the first start.
 *
 * It listens on 127.0.0.1 only, on a port found free, and asks for a random password that is kept in a file for the owner
 * alone. A Postgres that a killed process left running on the same data is stopped first. Throws `DirectoryInUseError`
 * when a living process runs it, and with the end of the server's log when it does not come up within 30 seconds.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  await stopLeftovers(directory, 'postgres');
  const cluster = await openCluster(directory, options.log ?? (() => undefined));
  await endUnrecordedPostmaster(cluster.data);

  const start = async (port: number): Promise<Child> => {
    const child = await startChild({
      name: 'postgres',
      command: cluster.binaries.postgres,
      args: serverArguments(cluster.data, port, options.durable ?? true),
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      cwd: cluster.data,
      user: cluster.user,
      logFile: join(directory, 'logs', 'postgres.log'),
      directory,
      stopSignal: 'SIGINT',
    });
    await waitUntilReady(child, urlOf(cluster, port, 'postgres'), join(directory, 'logs', 'postgres.log'));
    return child;
  };

  const port = await findFreePort();
  let child = await start(port);
  await createDatabaseOnce(urlOf(cluster, port, 'postgres'));
  return {
    ownerUrl: urlOf(cluster, port, database),
    port,
    get pid() {
      return child.pid;
    },
    stop: async () => {
      await child.stop(stopWithinMs);
    },
    restart: async (mode) => {
      await (mode === 'fast' ? child.stop(stopWithinMs) : child.kill('SIGQUIT'));
      child = await start(port);
    },
  };
}

function serverArguments(data: string, port: number, durable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    // Only TCP: a socket file would need a short path and its own permissions.
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // No replica reads this log, so it need not carry what a replica would want. Crash recovery is unaffected.
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  };
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function openCluster(directory: string, log: (message: string) => void): Promise<Cluster> {
  const user = postgresUser();
  const installed = await findPostgresBinaries();
  const home = clusterHome(directory, user);
  const binaries =
    user !== undefined && !canReach(user, installed.postgres) ? copyBinariesTo(home, installed) : installed;
  const data = join(home, 'data');
  const passwordFile = join(home, 'owner-password');
  if (!existsSync(join(data, 'PG_VERSION'))) {
    log('creating the Postgres cluster');
    await createCluster({ data, passwordFile, user, binaries });
  }
  return { data, password: readFileSync(passwordFile, 'utf8').trim(), user, binaries };
}

/**
 * Where the cluster lives: inside `directory`, or in the system's temporary folder when root keeps the checkout where the
 * Postgres user cannot enter. `directory` then remembers the place.
 */
function clusterHome(directory: string, user: SystemUser | undefined): string {
  const home = join(directory, 'postgres');
  mkdirSync(home, { recursive: true });
  if (user === undefined || canReach(user, join(home, 'data'))) return home;
  const note = join(directory, 'postgres-home');
  const remembered = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (remembered !== '' && existsSync(remembered)) return remembered;
  const temporary = temporaryHome();
  chmodSync(temporary, 0o755);
  writeFileSync(note, `${temporary}\n`);
  return temporary;
}

async function createCluster({
  data,
  passwordFile,
  user,
  binaries,
}: Omit<Cluster, 'password'> & { passwordFile: string }): Promise<void> {
  const partial = `${data}.new`;
  rmSync(partial, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  // initdb runs as the Postgres user and must read the password once.
  const handedOver = join(partial, '..', 'initial-password');
  writeFileSync(handedOver, readFileSync(passwordFile), { mode: 0o600 });
  if (user !== undefined) {
    chownSync(partial, user.uid, user.gid);
    chownSync(handedOver, user.uid, user.gid);
  }
  try {
    await run(
      binaries.initdb,
      [
        `--pgdata=${partial}`,
        `--username=${owner}`,
        '--auth=scram-sha-256',
        `--pwfile=${handedOver}`,
        '--encoding=UTF8',
        // The built-in collation is the same on every system, whatever locales it has.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-sync',
        '--no-instructions',
      ],
      { ...user, cwd: partial, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } },
    );
  } finally {
    rmSync(handedOver, { force: true });
  }
  renameSync(partial, data);
}

/** Ends a postmaster that holds this data without a record of ours, and waits until its lock file is free. */
async function endUnrecordedPostmaster(data: string): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  if (!existsSync(lockFile)) return;
  const [pid, dataOfPid] = readFileSync(lockFile, 'utf8').split('\n');
  const running = identify(Number(pid));
  if (running === null || dataOfPid === undefined || resolve(dataOfPid) !== resolve(data)) return;
  if (!commandOf(running.pid).includes(data)) return;
  await endProcess(running, 'SIGINT', stopWithinMs);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function waitUntilReady(child: Child, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + startWithinMs;
  while (child.isRunning() && performance.now() < deadline) {
    if (await answers(url)) return;
    await delay(25);
  }
  await child.stop(1000);
  throw new Error(`Postgres did not start. The end of its log:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 28P01: the server answers and knows another password; waiting would not help.
    if ((error as { code?: string }).code === '28P01') throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabaseOnce(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
}

const urlOf = ({ password }: Cluster, port: number, name: string): string =>
  `postgres://${owner}:${password}@127.0.0.1:${port}/${name}`;
