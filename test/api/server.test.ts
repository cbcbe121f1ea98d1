import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '#test/support/database.ts';
import type { TestDatabase } from '#test/support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

function startServer(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['api/server.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('the API process', () => {
  it('comes up while Temporal is away, says so, and ends in order when told', async () => {
    const server = startServer({
      VIGIL_DATABASE_URL: database.appUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      VIGIL_API_PORT: '0',
      VIGIL_LOG_LEVEL: 'silent',
    });
    try {
      if (!server.stdout) throw new Error('no stdout');
      const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
      const url = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
      expect(url).toBeDefined();
      expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'alive' });
      const ready = await fetch(`${url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({
        status: 'degraded',
        failing: ['temporal'],
        parts: { database: 'ok', migrations: 'ok' },
        oldestPendingCommandMs: 0,
      });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('vigil_http_requests_total{method="GET",route="/readyz",status="200"} 1');
      const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string };
      expect(openapi.openapi).toBe('3.1.0');
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('takes mails where it is told to, and says on which port', async () => {
    const server = startServer({
      VIGIL_DATABASE_URL: database.appUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      VIGIL_API_PORT: '0',
      VIGIL_SMTP_PORT: '0',
      VIGIL_SMTP_DOMAIN: 'alerts.example',
    });
    try {
      if (!server.stderr) throw new Error('no stderr');
      let port = 0;
      for await (const line of createInterface(server.stderr)) {
        if (!line.includes('taking mails')) continue;
        ({ port } = JSON.parse(line) as { port: number });
        break;
      }
      const client = createTransport({ host: '127.0.0.1', port, secure: false });
      const mail = { from: 'a@b.example', to: `${'0'.repeat(32)}@alerts.example`, subject: 'x', text: 'x' };
      await expect(client.sendMail(mail)).rejects.toMatchObject({ responseCode: 550 });
      client.close();
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('lists everything that is wrong with its configuration and ends with 1, without repeating values', async () => {
    const server = startServer({ VIGIL_DATABASE_URL: 'hunter2', VIGIL_API_PORT: 'many', VIGIL_LOG_LEVEL: 'loud' });
    if (!server.stderr) throw new Error('no stderr');
    const [said, [code]] = await Promise.all([text(server.stderr), once(server, 'exit')]);
    expect(code).toBe(1);
    for (const name of ['VIGIL_DATABASE_URL', 'VIGIL_API_PORT', 'VIGIL_LOG_LEVEL']) expect(said).toContain(name);
    expect(said).not.toContain('hunter2');
  });
});
