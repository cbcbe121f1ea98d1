import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPhones } from './phones.ts';
import type { PhoneRecord } from './phones.ts';
import { failureOf, otherSecret, postSigned, setFault, testSecret } from './test-client.ts';
import type { SignedOptions } from './test-client.ts';

let dir: string;
let app: FastifyInstance;
let url: string;

async function start(): Promise<void> {
  app = createPhones({ secret: testSecret, logFile: path.join(dir, 'phones.ndjson') });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
}
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-phones-'));
  await start();
});
afterEach(async () => {
  await app.close();
  rmSync(dir, { recursive: true });
});

const page = (deliveryId: string, more: object = {}) => ({
  deliveryId,
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Severity 1: detector silent',
  severity: 1,
  ackUrl: null,
  possibleDuplicate: false,
  ...more,
});
const send = async (contact: string, deliveryId: string, more: object = {}, options: SignedOptions = {}) =>
  await postSigned(`${url}/phones/${contact}/pages`, page(deliveryId, more), { id: deliveryId, ...options });

async function log(contact?: string): Promise<PhoneRecord[]> {
  const response = await fetch(`${url}/log${contact === undefined ? '' : `?contact=${contact}`}`);
  return ((await response.json()) as { records: PhoneRecord[] }).records;
}

async function next(contact: string, query: string) {
  const response = await fetch(`${url}/phones/${contact}/pages/next?${query}`);
  if (response.status !== 200) return response.status;
  const { seq, page } = (await response.json()) as { seq: number; page: { deliveryId: string } };
  return { seq, id: page.deliveryId };
}

describe('pages', () => {
  it('are recorded by contact, a repeated message as a duplicate', async () => {
    expect(await (await send('first', 'dlv_1')).json()).toMatchObject({ messageId: 'first-1', duplicate: false });
    expect(await (await send('first', 'dlv_1')).json()).toMatchObject({ duplicate: true });
    await send('second', 'dlv_2', { kind: 'drill' });
    expect(await log('first')).toMatchObject([
      { type: 'page', contact: 'first', webhookId: 'dlv_1', duplicate: false, page: page('dlv_1') },
      { type: 'page', contact: 'first', webhookId: 'dlv_1', duplicate: true },
    ]);
    expect(await log()).toHaveLength(3);
  });

  it('are recorded with fields the phone does not know, so that a leak can be found', async () => {
    await send('first', 'dlv_1', { excerpt: 'canary' });
    expect(JSON.stringify(await log())).toContain('canary');
  });

  it('are on the phone though the answer got lost; the retry is a duplicate', async () => {
    await setFault(url, { mode: 'lost_after_success', route: '/phones/first/' });
    expect(await failureOf(send('first', 'dlv_1'))).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect(await (await send('first', 'dlv_1')).json()).toMatchObject({ duplicate: true });
  });

  it('are refused for good with 410 when the contact is gone', async () => {
    await setFault(url, { mode: 'reject_permanent', match: { kind: 'page' } });
    expect((await send('first', 'dlv_1')).status).toBe(410);
    expect(await log('first')).toEqual([]);
  });
});

describe('refusals', () => {
  it.each([
    ['another secret', { secret: otherSecret }],
    ['an old timestamp', { sentAt: Date.now() - 600_000 }],
  ])('%s: 401, recorded as refused', async (_, options) => {
    expect((await send('first', 'dlv_1', {}, options)).status).toBe(401);
    expect(await log('first')).toMatchObject([{ type: 'refused', contact: 'first', code: 'bad_signature' }]);
  });

  it('a message id that is not the delivery id: 422', async () => {
    expect((await send('first', 'dlv_1', {}, { id: 'msg_other' })).status).toBe(422);
    expect(await log()).toEqual([]);
  });

  it.each([{ severity: null }, { kind: 'PAGE!' }, { deliveryId: '' }, { title: 5 }])(
    'a page with %j: 422',
    async (more) => {
      expect((await send('first', 'dlv_1', more)).status).toBe(422);
    },
  );

  it('a contact that is no name, a query that is none: 422', async () => {
    expect((await send('a%20b', 'dlv_1')).status).toBe(422);
    expect(await next('first', 'waitMs=forever')).toBe(422);
  });

  it('over 20 kB: 413', async () => {
    expect((await send('first', 'dlv_1', { filler: 'x'.repeat(20_000) })).status).toBe(413);
  });
});

describe('waiting for the next page', () => {
  it('gets what is there after a number, without duplicates and other kinds', async () => {
    await send('first', 'dlv_1');
    await send('first', 'dlv_1');
    await send('second', 'dlv_2');
    await send('first', 'dlv_3', { kind: 'resolved' });
    expect(await next('first', 'after=0')).toEqual({ seq: 1, id: 'dlv_1' });
    expect(await next('first', 'after=1')).toEqual({ seq: 4, id: 'dlv_3' });
    expect(await next('first', 'after=1&kind=page&waitMs=0')).toBe(204);
  });

  it('is woken by the page, not by one for someone else', async () => {
    const waiting = next('first', 'after=0&waitMs=20000');
    await send('second', 'dlv_1');
    await send('first', 'dlv_2');
    expect(await waiting).toEqual({ seq: 2, id: 'dlv_2' });
  });

  it('ends with 204 when nothing came, and when the simulator stops', async () => {
    expect(await next('first', 'waitMs=30')).toBe(204);
    const waiting = failureOf(fetch(`${url}/phones/first/pages/next?waitMs=60000`));
    await send('second', 'dlv_1');
    await app.close();
    expect(await waiting).toMatch(/answered 204|UND_ERR_SOCKET|ECONNRESET/);
  });
});

describe('restart', () => {
  it('knows what was shown', async () => {
    await send('first', 'dlv_1');
    await app.close();
    await start();
    expect(await (await send('first', 'dlv_1')).json()).toMatchObject({ duplicate: true });
    expect(await next('first', 'after=0')).toEqual({ seq: 1, id: 'dlv_1' });
  });
});
