import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Accepted } from '#domain/intake/report.ts';
import type { Database } from '#db/client.ts';
import { gaugeVitals } from './vital-signs.ts';

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics;
  }
}

export interface Metrics {
  readonly registry: Registry;
  /** How commands were answered. */
  readonly commands: Counter<'kind' | 'name' | 'outcome'>;
  /** Counts what became of reports. */
  readonly countAlerts: (accepted: readonly Accepted[]) => void;
  /** Counts how a mail, or an address of one, was answered: a status of SMTP. */
  readonly countMail: (status: number) => void;
}

/** What an API process counts, beside its requests. The front doors that are not HTTP share it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const alerts = new Counter({
    name: 'vigil_alerts_total',
    help: 'Reports of senders that were stored, by what became of them.',
    labelNames: ['disposition'] as const,
    registers,
  });
  const mails = new Counter({
    name: 'vigil_mails_total',
    help: 'Mails that were taken (250), and those and addresses of theirs that were refused, by the status of SMTP.',
    labelNames: ['status'] as const,
    registers,
  });
  const commands = new Counter({
    name: 'vigil_commands_total',
    help: 'Commands to workflows, by how they were answered: done, refused, failed, or left to the relay (pending).',
    labelNames: ['kind', 'name', 'outcome'] as const,
    registers,
  });
  return {
    registry,
    commands,
    countAlerts: (accepted) => {
      for (const { disposition } of accepted) alerts.inc({ disposition });
    },
    countMail: (status) => mails.inc({ status }),
  };
}

/** Counts and times requests and commands. Labels are routes, names and statuses: never an id, never content. */
export function registerMetrics(app: FastifyInstance, db: Database, metrics: Metrics): void {
  const { registry } = metrics;
  const registers = [registry];
  const requests = new Counter({
    name: 'vigil_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'vigil_http_request_duration_seconds',
    help: 'Time from the request to its answer.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  gaugePool(db, registry);
  gaugeVitals(db, registry);
  app.decorate('metrics', metrics);
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown' };
    requests.inc({ ...labels, status: reply.statusCode });
    durations.observe(labels, reply.elapsedTime / 1_000);
  });
}

function gaugePool(db: Database, registry: Registry): void {
  const connections = new Gauge({
    name: 'vigil_db_pool_connections',
    help: 'Connections of the pool to Postgres, and requests that wait for one.',
    labelNames: ['state'] as const,
    registers: [registry],
    collect: () => {
      const { totalCount, idleCount, waitingCount } = db.$client;
      connections.set({ state: 'busy' }, totalCount - idleCount);
      connections.set({ state: 'idle' }, idleCount);
      connections.set({ state: 'waiting' }, waitingCount);
    },
  });
}
