import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '#config/log.ts';
import { awayTemporal, startTestApi, testApiOver } from '#test/support/api.ts';
import type { TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

describe('what the API logs', () => {
  it('is the kind and place of a failure, never a secret nor what a user wrote', async () => {
    const { productKey, teamId } = await seedWorld(api.db);
    const sender = await api.principal({ kind: 'service', roles: ['integration'], teamId });
    const owner = new Client({ connectionString: api.ownerUrl });
    await owner.connect();
    await owner.query('ALTER TABLE content_items RENAME TO content_items_gone');
    await owner.end();

    let written = '';
    const log = createLogger('test', 'trace', { write: (line) => (written += line) });
    const app = await testApiOver(api.db, awayTemporal(), { log });
    const headers = { authorization: `Bearer ${sender.token}`, 'content-type': 'application/json' };
    const occurredAt = '2026-01-05T10:00:00Z';
    const event = {
      id: 'a',
      kind: 'message_sent',
      accountRef: 'CANARY-account',
      occurredAt,
      attributes: {},
      content: { text: 'CANARY-text' },
    };
    const payload = JSON.stringify({ productKey, events: [event] });
    const failed = await app.inject({ method: 'POST', url: '/v1/intake/events', headers, payload });
    expect(failed.json()).toEqual({
      type: '/problems/internal.unexpected',
      title: expect.stringContaining('request id'),
      status: 500,
      code: 'internal.unexpected',
      instance: failed.headers['x-request-id'],
    });
    await app.inject({ method: 'POST', url: '/v1/intake/events', headers, payload: '{"name": CANARY-text' });
    await app.inject({ method: 'GET', url: '/v1/products/CANARY-path?accountRef=CANARY-query', headers });
    await app.close();

    const lines = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ msg }) => msg === 'unexpected failure')).toMatchObject({
      reqId: failed.headers['x-request-id'],
      err: { type: expect.stringMatching(/42P01/), stack: expect.stringMatching(/at .*product-events\.ts/) },
    });
    expect(lines.filter(({ msg }) => msg === 'request')).toHaveLength(3);
    expect(written).not.toContain('CANARY');
    expect(written).not.toContain(sender.token);
  });
});
