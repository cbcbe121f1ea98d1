import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { startChild, tailOf } from './child-process.ts';
import type { Child } from './child-process.ts';
import { endProcess, stopLeftovers } from './pid-records.ts';
import { onFreePort } from './ports.ts';
import { openCluster, owner, postgresEnvironment } from './postgres-cluster.ts';
import type { Cluster } from './postgres-cluster.ts';
import { commandOf, identify } from './process-identity.ts';

export interface PostgresOptions {
  /** The project's state folder, `.vigil/`. The cluster lies in its `postgres/`. */
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
  /** Stops and starts again on the same port. `immediate` is a crash, from which the start recovers. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
}

const database = 'vigil';
const startWithinMs = 30_000;
const stopWithinMs = 15_000;
/** What Postgres says while the backends of a killed postmaster are still finding out that it is gone. */
const orphansMessage = 'pre-existing shared memory block';

/**
 * Starts the Postgres of this checkout, making its cluster on the first start.
 *
 * It listens on 127.0.0.1 only, on a port found free, and asks for a random password that a file keeps for the owner
 * alone. A Postgres that a killed process left on the same data is stopped first. Throws `DirectoryInUseError` when a
 * living process runs it, and with the end of the server's log when it does not come up within 30 seconds.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const directory = resolve(options.directory);
  const isDurable = options.durable ?? true;
  mkdirSync(directory, { recursive: true });
  await stopLeftovers(directory, 'postgres');
  const cluster = await openCluster(directory, { isDurable });
  await freeTheData(cluster.data);

  const start = (port: number): Promise<Child> => startServer({ cluster, directory, port, isDurable });
  let { port, value: child } = await onFreePort(start);
  await createDatabaseOnce(urlOf(cluster, port, 'postgres'));
  options.log?.(`Postgres listens on 127.0.0.1:${port}`);
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

async function startServer(of: {
  cluster: Cluster;
  directory: string;
  port: number;
  isDurable: boolean;
}): Promise<Child> {
  const { cluster, directory, port } = of;
  const logFile = join(directory, 'logs', 'postgres.log');
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const child = await startChild({
      name: 'postgres',
      command: cluster.binaries.postgres,
      args: serverArguments(cluster.data, port, of.isDurable),
      env: postgresEnvironment,
      cwd: cluster.data,
      user: cluster.user,
      logFile,
      directory,
      // A "fast" shutdown: clients are disconnected, not waited for.
      stopSignal: 'SIGINT',
    });
    while (child.isRunning() && performance.now() < deadline) {
      if (await answers(urlOf(cluster, port, 'postgres'))) return child;
      await delay(25);
    }
    await child.stop(1000);
    const log = tailOf(logFile);
    if (!log.includes(orphansMessage) || performance.now() > deadline) {
      throw new Error(`Postgres did not start. The end of its log:\n${log}`);
    }
    await delay(100);
  }
}

function serverArguments(data: string, port: number, isDurable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    // TCP only: a socket file would need a short path and permissions of its own.
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // No replica reads the log, so it need not carry what one would want. Recovery from a crash is unaffected.
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '1GB',
    checkpoint_timeout: '15min',
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  };
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * Ends a Postgres that holds the data without a record of ours, and makes a stale lock file harmless.
 *
 * Postgres takes a lock file for live when its pid exists, be it another program (usual after a container restarts) or a
 * zombie that nobody reaps. It never takes its parent's pid for live, so the file is made to name this process. Removing
 * it would also drop the check for orphaned backends.
 */
async function freeTheData(data: string): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  if (!existsSync(lockFile)) return;
  const [pid, ...rest] = readFileSync(lockFile, 'utf8').split('\n');
  const holder = identify(Number(pid));
  if (holder !== null) {
    const command = commandOf(holder.pid);
    // Whether it is Postgres cannot be told: let Postgres decide.
    if (command === null) return;
    if (command.includes(data)) await endProcess(holder, 'SIGINT', stopWithinMs);
  }
  if (existsSync(lockFile)) writeFileSync(lockFile, [process.pid, ...rest].join('\n'));
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 28P01: the server answers but does not know the password. Waiting would not help.
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
