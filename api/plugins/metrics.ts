import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import { oldestPendingAgeMs } from '#db/repositories/commands.ts';
import { countOpenEscalations } from '#db/repositories/escalations.ts';

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics;
  }
}

interface Metrics {
  readonly registry: Registry;
  /** How commands were answered. */
  readonly commands: Counter<'kind' | 'name' | 'outcome'>;
}

/** Counts and times requests and commands. Labels are routes, names and statuses: never an id, never content. */
export function registerMetrics(app: FastifyInstance, db: Database): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
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
  const commands = new Counter({
    name: 'vigil_commands_total',
    help: 'Commands to workflows, by how they were answered: done, refused, failed, or left to the relay (pending).',
    labelNames: ['kind', 'name', 'outcome'] as const,
    registers,
  });
  gaugePool(db, registry);
  gaugeEscalations(db, registry);
  app.decorate('metrics', { registry, commands });
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown' };
    requests.inc({ ...labels, status: reply.statusCode });
    durations.observe(labels, reply.elapsedTime / 1_000);
  });
}

function gaugePool(db: Database, registry: Registry): void {
  const registers = [registry];
  const connections = new Gauge({
    name: 'vigil_db_pool_connections',
    help: 'Connections of the pool to Postgres, and requests that wait for one.',
    labelNames: ['state'] as const,
    registers,
    collect: () => {
      const { totalCount, idleCount, waitingCount } = db.$client;
      connections.set({ state: 'busy' }, totalCount - idleCount);
      connections.set({ state: 'idle' }, idleCount);
      connections.set({ state: 'waiting' }, waitingCount);
    },
  });
  const oldest = new Gauge({
    name: 'vigil_oldest_pending_command_age_seconds',
    help: 'Age of the oldest command that has not reached its workflow; NaN while Postgres is away.',
    registers,
    collect: async () => {
      oldest.set(
        await oldestPendingAgeMs(db).then(
          (ms) => ms / 1_000,
          () => Number.NaN,
        ),
      );
    },
  });
}

/** What an on-call manager's alarms look at: above all whether something waits that nobody was paged for. */
function gaugeEscalations(db: Database, registry: Registry): void {
  const registers = [registry];
  const unpaged = new Gauge({
    name: 'vigil_escalations_unpaged',
    help: 'Escalations that have waited for more than 30 seconds without any attempt to page; NaN while Postgres is away.',
    registers,
  });
  const open = new Gauge({
    name: 'vigil_escalations_open',
    help: 'Open escalations by status.',
    labelNames: ['status'] as const,
    registers,
    collect: async () => {
      open.reset();
      try {
        const counts = await countOpenEscalations(db);
        for (const { status, count } of counts.byStatus) open.set({ status }, count);
        unpaged.set(counts.unpaged);
      } catch {
        unpaged.set(Number.NaN);
      }
    },
  });
}
