import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { minuteMs } from '#domain/time.ts';
import { pendingMigrations } from '#db/migrate.ts';
import { oldestPendingAgeMs } from '#db/repositories/commands.ts';
import type { ApiDeps } from '../deps.ts';
import type { Routes } from './types.ts';

/** A command that has waited for longer says that relay, worker or Temporal do not do their work. */
const latestCommandMs = minuteMs;
const probeLimitMs = 1_000;

const partSchema = z.enum(['ok', 'failing']);
const readySchema = z
  .object({
    status: z
      .enum(['ready', 'degraded', 'not_ready'])
      .describe('`degraded` still takes and keeps everything; what it leads to is late.'),
    failing: z.array(z.string()).describe('The names of the parts that fail.'),
    parts: z.object({ database: partSchema, migrations: partSchema, temporal: partSchema, commands: partSchema }),
    oldestPendingCommandMs: z.number().nullable().describe('Null while Postgres is away.'),
  })
  .meta({ id: 'Readiness' });

/** What machines ask of the process itself. Public: no names, ids or content. */
export function registerHealth(app: Routes, deps: ApiDeps): void {
  app.get(
    '/livez',
    { config: { access: 'public' }, schema: { response: { 200: z.object({ status: z.literal('alive') }) } } },
    () => ({
      status: 'alive' as const,
    }),
  );

  app.get(
    '/readyz',
    { config: { access: 'public' }, schema: { response: { 200: readySchema, 503: readySchema } } },
    async (_request, reply) => {
      const [pending, oldest, hasTemporal] = await Promise.all([
        within(pendingMigrations(deps.db.$client)),
        within(oldestPendingAgeMs(deps.db)),
        within(
          deps.temporal.withDeadline(Date.now() + probeLimitMs, () => deps.temporal.workflowService.getSystemInfo({})),
        ),
      ]);
      const isOk = {
        database: pending !== null || oldest !== null,
        migrations: pending?.length === 0,
        temporal: hasTemporal !== null,
        commands: oldest !== null && oldest <= latestCommandMs,
      };
      const failing = Object.entries(isOk).flatMap(([name, ok]) => (ok ? [] : [name]));
      // What is accepted waits in Postgres, so only Postgres decides whether this process may be given requests.
      const isReady = isOk.database && isOk.migrations;
      const status = !isReady ? 'not_ready' : failing.length === 0 ? 'ready' : 'degraded';
      const part = (ok: boolean) => (ok ? ('ok' as const) : ('failing' as const));
      return reply.code(isReady ? 200 : 503).send({
        status,
        failing,
        parts: {
          database: part(isOk.database),
          migrations: part(isOk.migrations),
          temporal: part(isOk.temporal),
          commands: part(isOk.commands),
        },
        oldestPendingCommandMs: oldest,
      });
    },
  );

  app.get(
    '/metrics',
    { config: { access: 'public' }, schema: { response: { 200: z.string().describe('Prometheus text format.') } } },
    async (_request, reply) => {
      const { registry } = app.metrics;
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );

  app.get(
    '/openapi.json',
    {
      config: { access: 'public' },
      schema: { response: { 200: z.record(z.string(), z.unknown()).describe('OpenAPI 3.1 of this API.') } },
    },
    () => app.swagger() as unknown as Record<string, unknown>,
  );
}

/** The value, or null when it fails or takes longer than the limit. */
async function within<T>(work: Promise<T>): Promise<T | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([work.catch(() => null), delay(probeLimitMs, null, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
