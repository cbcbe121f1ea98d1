import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPagerduty } from './pagerduty.ts';
import type { PagerdutyIncident } from './pagerduty.ts';
import { failureOf, postJson, setFault } from './test-client.ts';

let dir: string;
let app: FastifyInstance;
let url: string;

async function start(): Promise<void> {
  app = createPagerduty({ logFile: path.join(dir, 'pagerduty.ndjson') });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
}
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-pagerduty-'));
  await start();
});
afterEach(async () => {
  await app.close();
  rmSync(dir, { recursive: true });
});

const [keyA, keyB] = ['a'.repeat(32), 'b'.repeat(32)];
const send = (action: string, more: object = {}, signal?: AbortSignal) => {
  const payload = { summary: 'Disk full', source: 'db-1', severity: 'error' };
  return postJson(
    `${url}/v2/enqueue`,
    { routing_key: keyA, event_action: action, dedup_key: 'k', payload, ...more },
    signal,
  );
};
const incidents = async () =>
  ((await (await fetch(`${url}/incidents`)).json()) as { incidents: PagerdutyIncident[] }).incidents;

describe('the PagerDuty simulator', () => {
  it('applies events to the open incident of their key, and drops what meets none', async () => {
    await send('acknowledge');
    await send('trigger');
    await send('trigger');
    await send('resolve', { routing_key: keyB });
    expect(await incidents()).toMatchObject([{ dedupKey: 'k', status: 'triggered', triggers: 2, severity: 'error' }]);
    await send('acknowledge');
    expect(await incidents()).toMatchObject([{ status: 'acknowledged' }]);
    await send('resolve');
    await send('resolve');
    await send('trigger');
    expect(await incidents()).toMatchObject([{ status: 'resolved' }, { status: 'triggered', triggers: 1 }]);
    const log = await (await fetch(`${url}/log`)).text();
    expect([...log.matchAll(/"effect":"(\w+)"/g)].map(([, effect]) => effect)).toEqual([
      'dropped',
      'opened',
      'logged',
      'dropped',
      'acknowledged',
      'resolved',
      'dropped',
      'opened',
    ]);
    expect(log).not.toContain(keyA);
  });

  it('answers as PagerDuty does', async () => {
    const taken = await send('trigger', { dedup_key: undefined });
    expect([taken.status, await taken.json()]).toEqual([
      202,
      { status: 'success', message: 'Event processed', dedup_key: expect.stringMatching(/^[\da-f-]{36}$/) },
    ]);
    for (const odd of [
      { routing_key: 'short' },
      { payload: { summary: 'x'.repeat(1_025), source: 'a', severity: 'info' } },
      { payload: undefined },
    ]) {
      const refused = await send('trigger', odd);
      expect([refused.status, await refused.json()]).toMatchObject([400, { status: 'invalid event' }]);
    }
  });

  it('misbehaves as told, and remembers across a restart', async () => {
    await send('trigger');
    await setFault(url, { mode: 'rate_limited', retryAfterSeconds: 7 });
    const limited = await send('resolve');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    await setFault(url, { mode: 'error_500' });
    expect((await send('resolve')).status).toBe(500);
    await setFault(url, { mode: 'hang' });
    expect(await failureOf(send('resolve', {}, AbortSignal.timeout(50)))).toBe('TimeoutError');
    await app.close();
    await start();
    expect(await incidents()).toMatchObject([{ status: 'triggered' }]);
  });
});
