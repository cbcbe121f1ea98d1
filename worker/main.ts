import { NativeConnection, Runtime } from '@temporalio/worker';
import { ConfigurationError, readConfig } from '#config/env.ts';
import type { Config } from '#config/env.ts';
import { createLogger } from '#config/log.ts';
import { connectDatabase } from '#db/client.ts';
import { connectTemporal } from '#gateway/temporal.ts';
import { minuteMs } from '#domain/time.ts';
import { createActivities } from '#activities/index.ts';
import { buildDeps } from './deps.ts';
import { keepBeating, roundTrip } from './dead-mans-switch.ts';
import { serveHealth } from './health.ts';
import { keepHouse } from './housekeeping.ts';
import { pollReceipts } from './receipts.ts';
import { watchOrphans } from './orphans.ts';
import { watchHeat } from './heat.ts';
import { startRelay } from './relay.ts';
import { keepSchedules } from './schedules.ts';
import { toWorkerLogger } from './sdk-log.ts';
import { createWorkers } from './workers.ts';
import { workflowSource } from './workflow-source.ts';

/** How long a stop waits for activities in hand. */
const shutdownGrace = '8s';

/**
 * The worker process: a Worker per task queue, and the relay.
 *
 * Prints `ready http://…` once it polls. SIGTERM finishes what is in hand and ends with 0; a killed worker loses nothing.
 */
async function main(config: Config): Promise<void> {
  const log = createLogger('worker', config.logLevel);
  Runtime.install({ logger: toWorkerLogger(log), shutdownSignals: [] });
  const db = connectDatabase({
    url: config.db.url.reveal(),
    size: config.db.poolSize,
    applicationName: 'vigil-worker',
    statementTimeoutMs: config.db.statementTimeoutMs,
    onIdleError: (error) => log.warn({ err: error }, 'a connection to Postgres was lost'),
  });
  const deps = await buildDeps(config, db, log);
  const activities = createActivities(deps);
  const connection = await connectWithPatience(config, log);
  const workers = await createWorkers({
    connection,
    namespace: config.temporal.namespace,
    activities,
    workflows: workflowSource(config.worker.bundle),
    maxCachedWorkflows: config.worker.maxCachedWorkflows,
    shutdownGraceTime: shutdownGrace,
  });
  const temporal = connectTemporal(config.temporal, 'vigil-relay');
  const heat = watchHeat(db, config.worker.relayRestAbove);
  const relay = startRelay({
    db,
    databaseUrl: config.db.url.reveal(),
    temporal: temporal.client,
    log,
    pollMs: config.worker.relayPollMs,
    heat,
  });
  const schedules = keepSchedules({
    db,
    temporal: temporal.client,
    log,
    sweepEveryMs: config.worker.sweepEveryMs,
    reconcileEveryMs: Math.min(10_000, config.worker.sweepEveryMs),
  });

  const orphans = watchOrphans({ db, temporal: temporal.client, log, registry: deps.metrics });

  const { beatOutside } = deps;
  const beating =
    beatOutside === null
      ? null
      : keepBeating({
          roundTrip: () => roundTrip({ db, temporal: temporal.client }),
          beat: beatOutside,
          log,
          everyMs: minuteMs,
        });

  const receipts = pollReceipts({ db, asks: deps.receipts, log });
  const housekeeping = keepHouse({ db, log, registry: deps.metrics });

  let isStopping = false;
  const running = Promise.all(workers.map((worker) => worker.run()));
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    log.info({}, 'stopping');
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);

  const health = await serveHealth(config.api.host, config.worker.healthPort, {
    isAlive: () => !isStopping,
    registry: deps.metrics,
  });
  console.log(`ready http://${config.api.host}:${health.port}`);
  try {
    await running;
  } finally {
    beating?.stop();
    await schedules.stop();
    await orphans.stop();
    await receipts.stop();
    await housekeeping.stop();
    heat.stop();
    await relay.stop();
    await health.close();
    await temporal.close();
    await connection.close();
    await db.$client.end();
    await deps.close();
  }
}

/** Temporal may come up after the worker; giving up at once would only move the waiting into a restart loop. */
async function connectWithPatience(config: Config, log: ReturnType<typeof createLogger>): Promise<NativeConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await NativeConnection.connect({ address: config.temporal.address });
    } catch (error) {
      if (attempt >= 60) throw error;
      log.warn({ address: config.temporal.address }, 'Temporal is away, trying again in a second');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

try {
  await main(readConfig());
  process.exit(0);
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
}
