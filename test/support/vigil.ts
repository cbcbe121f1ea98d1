import { Client, Connection } from '@temporalio/client';
import type { ClientInterceptors } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import pg from 'pg';
import { inject } from 'vitest';
import { createSqlDetector } from '#activities/clients/sql-detector.ts';
import { buildReferenceLists } from '#domain/detection/reference-lists.ts';
import type { Activities, ActivityDeps } from '#activities/index.ts';
import { createActivities } from '#activities/index.ts';
import { processEnvironment } from '#config/env.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { startTemporal } from '#scripts/local-temporal.ts';
import type { DynamicConfig } from '#scripts/local-temporal.ts';
import { startRelay } from '#worker/relay.ts';
import type { RelayLog } from '#worker/relay.ts';
import { createWorkers } from '#worker/workers.ts';
import { createTestDatabase } from './database.ts';
import { installRuntime } from './sdk-runtime.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

export interface TestVigil {
  readonly db: Database;
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly detectorUrl: string;
  readonly temporal: Client;
  /** host:port of the Temporal server. */
  readonly address: string;
  /** Stops the workers and the relay, as a crash would, but for what is in hand. */
  pause(): Promise<void>;
  /** Starts them again. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** What a test changes of the running system itself. */
export interface TestVigilOptions {
  /** Dynamic configuration of the Temporal server. */
  readonly settings?: DynamicConfig;
  /** Puts faults between the workflows and the real activities. */
  readonly wrap?: (activities: Activities) => Activities;
  readonly log?: RelayLog;
  /** The workflows in another bundle than the run's. */
  readonly workflowBundle?: WorkflowBundle;
  /** Of the Temporal client that relay and test use. */
  readonly interceptors?: ClientInterceptors;
}

/** Makes the server suggest continue-as-new at so many events: the default, 4,096, is too many for a test. */
export const renewAt = (events: number): DynamicConfig => ({ 'limit.historyCount.suggestContinueAsNew': events });

const quiet: RelayLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * A whole Vigil of one test file's own: a database, a Temporal server with time skipping, workers on every queue and the
 * relay, all real and in this process. Only the ports to the outside are the test's.
 */
export async function startTestVigil(
  ports: Partial<Omit<ActivityDeps, 'db'>> = {},
  {
    settings = {},
    wrap = (activities) => activities,
    log = quiet,
    workflowBundle,
    interceptors = {},
  }: TestVigilOptions = {},
): Promise<TestVigil> {
  installRuntime();
  const database = await createTestDatabase();
  const server = await inTemporaryFolder('test-vigil', async (directory) => {
    const started = await startTemporal({ directory, environment: processEnvironment, settings });
    // Nobody needs its state any more, so it need not take its second to end.
    return { ...started, stop: () => (started.pid === null ? started.stop() : started.kill()) };
  });
  const { address, namespace } = server.value;
  const connection = await NativeConnection.connect({ address });
  const clientConnection = await Connection.connect({ address });
  const temporal = new Client({ connection: clientConnection, namespace, interceptors });
  const db = connectDatabase({
    url: database.appUrl,
    size: 16,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  const detectorPool = new pg.Pool({ connectionString: database.detectorUrl, max: 2 });
  const activities = wrap(
    createActivities({
      db,
      channels: new Map(),
      publicUrl: null,
      enforcementApi: null,
      sweepEveryMs: 15_000,
      referenceLists: buildReferenceLists({}),
      httpDetector: () => {
        throw new Error('this test has no scoring service');
      },
      sqlDetector: createSqlDetector({ pool: detectorPool }),
      ...ports,
    }),
  );
  let running: { stop(): Promise<void> } | null = null;

  const resume = async () => {
    const workers = await createWorkers({
      connection,
      namespace,
      activities,
      workflows: { workflowBundle: workflowBundle ?? { codePath: inject('temporal').bundlePath } },
      maxCachedWorkflows: 200,
      shutdownGraceTime: '2s',
    });
    const runs = Promise.all(workers.map((worker) => worker.run()));
    const relay = startRelay({ db, databaseUrl: database.appUrl, temporal, log, pollMs: 500 });
    running = {
      async stop() {
        await relay.stop();
        for (const worker of workers) worker.shutdown();
        await runs;
      },
    };
  };
  const pause = async () => {
    await running?.stop();
    running = null;
  };
  await resume();
  return {
    db,
    appUrl: database.appUrl,
    ownerUrl: database.ownerUrl,
    detectorUrl: database.detectorUrl,
    temporal,
    address,
    pause,
    resume,
    async stop() {
      await pause();
      await db.$client.end();
      await detectorPool.end();
      await clientConnection.close();
      await connection.close();
      await server.stop();
      await database.drop();
    },
  };
}

/** Waits until `look` finds something, looking often; fails with `what` after `withinMs`: a busy machine is no failure. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = 45_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > until) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
