import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { startChild, tailOf } from './child-process.ts';
import type { Child } from './child-process.ts';
import { stopLeftovers } from './pid-records.ts';
import { findFreePort, onFreePort } from './ports.ts';
import { findTemporalCli } from './temporal-cli.ts';

export interface TemporalOptions {
  /** The project's state folder, `.vigil/`. The server's state is its `temporal.db`. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Serve the web UI too. Default false. */
  readonly ui?: boolean;
  /** The port to listen on, to come back where clients already look. Default: one found free. */
  readonly port?: number;
  /** Dynamic configuration of the server beyond, or instead of, the project's own. */
  readonly settings?: DynamicConfig;
  readonly log?: (message: string) => void;
}

export type DynamicConfig = Readonly<Record<string, string | number | boolean>>;

export interface LocalTemporal {
  /** host:port of the gRPC frontend. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Null when the server is not ours: `TEMPORAL_ADDRESS` named it. */
  readonly pid: number | null;
  /** Ends the server; one that is not ours is left alone. */
  stop(): Promise<void>;
  /** Ends the server by SIGKILL. Started again on the same directory and port it goes on where it was. */
  kill(): Promise<void>;
}

/** grpc.health.v1 ServingStatus. */
const serving = 1;
const startWithinMs = 20_000;
const stopWithinMs = 5000;

/**
 * Starts a Temporal development server whose state survives its death, or connects to the one `TEMPORAL_ADDRESS` names.
 *
 * Returns when the server answers a health check. Workflows on it may skip time (`frontend.WorkflowTimeSkippingEnabled`).
 * Throws `TemporalCliMissingError` when there is no server to be had, `DirectoryInUseError` when a living process runs one
 * on this directory, and with the end of the log when it does not come up within 20 seconds.
 */
export async function startTemporal(options: TemporalOptions): Promise<LocalTemporal> {
  const namespace = options.environment['TEMPORAL_NAMESPACE'] || 'default';
  const existing = options.environment['TEMPORAL_ADDRESS'];
  if (existing) return existingServer(existing, namespace);

  const directory = resolve(options.directory);
  const command = await findTemporalCli({
    environment: options.environment,
    directory,
    ...(options.log && { log: options.log }),
  });
  await stopLeftovers(directory, 'temporal');
  const uiPort = options.ui === true ? await findFreePort() : null;
  const start = (port: number): Promise<Child> =>
    startServer({ command, directory, namespace, port, uiPort, settings: { ...dynamicConfig, ...options.settings } });
  const { port, value: child } =
    options.port === undefined ? await onFreePort(start) : { port: options.port, value: await start(options.port) };
  const address = `127.0.0.1:${port}`;
  options.log?.(`Temporal listens on ${address}`);
  return {
    address,
    namespace,
    uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    pid: child.pid,
    stop: async () => {
      await child.stop(stopWithinMs);
    },
    kill: async () => {
      await child.kill('SIGKILL');
    },
  };
}

async function existingServer(address: string, namespace: string): Promise<LocalTemporal> {
  try {
    if (!(await listens(address))) throw new Error('nothing listens there');
    await checkHealth(address);
  } catch (cause) {
    throw new Error(
      `The Temporal server ${address}, named by TEMPORAL_ADDRESS, does not answer: ${(cause as Error).message}`,
      { cause },
    );
  }
  return {
    address,
    namespace,
    uiUrl: null,
    pid: null,
    stop: () => Promise.resolve(),
    kill: () => Promise.reject(new Error(`The Temporal server ${address} is not ours to kill.`)),
  };
}

async function startServer(of: {
  command: string;
  directory: string;
  namespace: string;
  port: number;
  uiPort: number | null;
  settings: DynamicConfig;
}): Promise<Child> {
  const logFile = join(of.directory, 'logs', 'temporal.log');
  const child = await startChild({
    name: 'temporal',
    command: of.command,
    args: serverArguments({ ...of, database: join(of.directory, 'temporal.db') }),
    // The CLI reads settings from HOME and from TEMPORAL_ variables; neither may change this server.
    env: { HOME: of.directory, PATH: '/usr/bin:/bin' },
    logFile,
    directory: of.directory,
  });
  await waitUntilReady(child, `127.0.0.1:${of.port}`, logFile);
  return child;
}

function serverArguments(of: {
  port: number;
  uiPort: number | null;
  namespace: string;
  database: string;
  settings: DynamicConfig;
}): string[] {
  const ui = of.uiPort === null ? ['--headless'] : ['--ui-port', String(of.uiPort), '--ui-disable-news-fetch'];
  const settings = Object.entries(of.settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${of.port}`,
    `--namespace=${of.namespace}`,
    '--log-format=json',
    '--log-level=warn',
    `--db-filename=${of.database}`,
    // A write-ahead log keeps what was committed when the process is killed; only a power cut could lose the last writes.
    '--sqlite-pragma=journal_mode=WAL',
    '--sqlite-pragma=synchronous=OFF',
    ...ui,
    ...settings.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
}

/** Settings of the development server; the figures were measured on 2 cores with server 1.32.0. */
const dynamicConfig: DynamicConfig = {
  'frontend.WorkflowTimeSkippingEnabled': true,
  'frontend.enableServerVersionCheck': false,
  // By default a timer may fire up to a second late. One that time skips to costs 40 ms instead of 1,030 ms.
  'history.timerProcessorMaxTimeShift': '10ms',
  // By default each queue is read at most 20 times a second: 100 skipped timers take 2.3 s instead of 19.5 s, and an
  // update with one activity answers after 26 ms instead of 50 ms.
  'history.timerProcessorMaxPollRPS': 1000,
  'history.transferProcessorMaxPollRPS': 1000,
  // Within this interval of its last start, a run that continues as new is held back. The server compares virtual with
  // real time there: a workflow that skipped an hour would be held back, and skip, one hour more at every other run.
  'history.workflowIdReuseMinimalInterval': '0s',
};

async function waitUntilReady(child: Child, address: string, logFile: string): Promise<void> {
  const deadline = performance.now() + startWithinMs;
  let reason = 'it ended at once';
  // A gRPC client backs off for a second after a refused connection, so wait for the port itself first.
  while (child.isRunning() && performance.now() < deadline) {
    if (!(await listens(address))) {
      reason = 'it does not listen';
      await delay(25);
      continue;
    }
    try {
      await checkHealth(address);
      return;
    } catch (error) {
      reason = (error as Error).message;
      await delay(50);
    }
  }
  await child.stop(1000);
  throw new Error(
    `The Temporal server did not start: ${reason}. Without its temporal.db it starts anew. The end of its log:\n${tailOf(logFile)}`,
  );
}

function listens(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const answer = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
    socket.setTimeout(5000, answer(false));
  });
}

async function checkHealth(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 5000 });
  try {
    const { status } = await connection.withDeadline(Date.now() + 5000, () =>
      connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    if ((status as number) !== serving) throw new Error(`the health check answered ${status}`);
  } finally {
    await connection.close();
  }
}
