import { buildApp } from '#api/app.ts';
import { createLogger } from '#config/log.ts';
import { connectDatabase } from '#db/client.ts';
import { connectTemporal } from '#gateway/temporal.ts';

/** The text of `openapi.json`: what the API says of itself, built without contacting anything. */
export async function openApiText(): Promise<string> {
  const db = connectDatabase({
    url: 'postgres://nobody@127.0.0.1:1/none',
    size: 1,
    applicationName: 'vigil-openapi',
    statementTimeoutMs: 1_000,
    onIdleError: () => undefined,
  });
  const temporal = connectTemporal({ address: '127.0.0.1:1', namespace: 'none' }, 'vigil-openapi');
  const app = await buildApp({
    db,
    temporal: temporal.client,
    config: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      rateLimitPerMinute: 1,
      eventsPerMinute: 1,
      trustedProxies: [],
      commandDeadlineMs: 1_000,
    },
    log: createLogger('openapi', 'silent'),
    maxEventLoopDelayMs: 0,
  });
  try {
    await app.ready();
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
    await temporal.close();
    await db.$client.end();
  }
}
