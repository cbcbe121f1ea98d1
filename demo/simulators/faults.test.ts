import { EventEmitter, once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFaults } from './faults.ts';
import { createServer } from './server.ts';
import { failureOf, postJson, setFault } from './test-client.ts';

let app: FastifyInstance;
let url: string;
let done: number;
let used: string[];
const worked = new EventEmitter();
/** As long as a busy machine may need. */
const soon = { timeout: 15_000 };

beforeEach(async () => {
  done = 0;
  used = [];
  app = createServer({ bodyLimit: 1_000 });
  const faults = installFaults(app, { permanentStatus: 410, onUsed: (mode, route) => used.push(`${mode} ${route}`) });
  for (const route of ['/work', '/other']) {
    app.post(
      route,
      faults.around(() => {
        done += 1;
        worked.emit('done');
        return { done };
      }),
    );
  }
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await app.close();
});

const work = async (body: unknown = {}, signal?: AbortSignal) => await postJson(`${url}/work`, body, signal);

describe('fault modes, as a client sees them', () => {
  it('lost_after_success: the work is done, the answer is not there', async () => {
    await setFault(url, { mode: 'lost_after_success' });
    expect(await failureOf(work())).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect(done).toBe(1);
    expect(await (await work()).json()).toEqual({ done: 2 });
  });

  it('connection_reset: no answer and no work', async () => {
    await setFault(url, { mode: 'connection_reset' });
    expect(await failureOf(work())).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect(done).toBe(0);
  });

  it('hang: no answer until the client gives up, and no work', async () => {
    await setFault(url, { mode: 'hang' });
    expect(await failureOf(work({}, AbortSignal.timeout(150)))).toBe('TimeoutError');
    expect(done).toBe(0);
  });

  it('hang does not keep the simulator from closing', async () => {
    await setFault(url, { mode: 'hang' });
    const hanging = failureOf(work());
    await expect.poll(() => used, soon).toEqual(['hang /work']);
    await app.close();
    expect(await hanging).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
  });

  it('slow: the answer comes after the delay', async () => {
    await setFault(url, { mode: 'slow', delayMs: 120 });
    const startedAt = performance.now();
    expect((await work()).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(110);
  });

  it('slow: a client that gives up has still asked for the work', async () => {
    await setFault(url, { mode: 'slow', delayMs: 2_000 });
    const finished = once(worked, 'done');
    const client = new AbortController();
    const answered = failureOf(work({}, client.signal));
    await expect.poll(() => used, soon).toEqual(['slow /work']);
    client.abort();
    expect(await answered).toBe('AbortError');
    expect(done).toBe(0);
    await finished;
    expect(done).toBe(1);
  });

  it('error_500: no work', async () => {
    await setFault(url, { mode: 'error_500' });
    expect((await work()).status).toBe(500);
    expect(done).toBe(0);
  });

  it('garbage: 200 with something that is not JSON, and no work', async () => {
    await setFault(url, { mode: 'garbage' });
    const response = await work();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(done).toBe(0);
  });

  it('rate_limited: 429 says when to come back', async () => {
    await setFault(url, { mode: 'rate_limited', retryAfterSeconds: 7 });
    const response = await work();
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(done).toBe(0);
  });

  it('reject_permanent: the status that stops retries', async () => {
    await setFault(url, { mode: 'reject_permanent' });
    expect((await work()).status).toBe(410);
    expect(done).toBe(0);
  });
});

describe('which request a fault hits', () => {
  const status = async (path: string, body: unknown = {}) => (await postJson(`${url}${path}`, body)).status;

  it('as many as were asked for, then none', async () => {
    await setFault(url, { mode: 'error_500', times: 2 });
    expect([await status('/work'), await status('/other'), await status('/work')]).toEqual([500, 500, 200]);
    expect(used).toEqual(['error_500 /work', 'error_500 /other']);
  });

  it('only those of a route and with the values, the first fitting fault first', async () => {
    await setFault(url, { mode: 'error_500', route: '/other' });
    await setFault(url, { mode: 'rate_limited', match: { 'target.ref': 'a', n: 1 } });
    await setFault(url, { mode: 'reject_permanent', match: { n: 1 } });
    expect(await status('/work', { n: 2, target: { ref: 'a' } })).toBe(200);
    expect(await status('/work', { n: 1, target: { ref: 'a' } })).toBe(429);
    expect(await status('/work', { n: 1, target: { ref: 'a' } })).toBe(410);
    expect(await status('/work', 'not json')).toBe(200);
    expect(await status('/other')).toBe(500);
  });

  it('none after DELETE; GET tells what is left', async () => {
    await setFault(url, { mode: 'error_500', times: 3 });
    await work();
    const listed = (await (await fetch(`${url}/faults`)).json()) as { faults: unknown[] };
    expect(listed.faults).toMatchObject([{ mode: 'error_500', times: 3, remaining: 2 }]);
    expect((await fetch(`${url}/faults`, { method: 'DELETE' })).status).toBe(204);
    expect((await work()).status).toBe(200);
  });

  it.each([{}, { mode: 'nonsense' }, { mode: 'hang', times: 0 }, { mode: 'hang', rout: '/x' }, 'no json', ''])(
    'refuses the switch %j',
    async (body) => {
      expect([400, 422]).toContain((await postJson(`${url}/faults`, body)).status);
      expect(await (await fetch(`${url}/faults`)).json()).toEqual({ faults: [] });
    },
  );
});
