import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlatform } from './platform.ts';
import type { PlatformRecord } from './platform-ledger.ts';
import { failureOf, otherSecret, postSigned, setFault, testSecret } from './test-client.ts';
import type { SignedOptions } from './test-client.ts';

let dir: string;
let app: FastifyInstance;
let url: string;

async function start(): Promise<void> {
  app = createPlatform({ secret: testSecret, logFile: path.join(dir, 'platform.ndjson') });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
}
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-platform-'));
  await start();
});
afterEach(async () => {
  await app.close();
  rmSync(dir, { recursive: true });
});

const suspend = {
  orderId: 'enf_1',
  action: 'suspend_account',
  operation: 'apply',
  target: { kind: 'account', ref: 'acct_1' },
  until: '2026-02-01T00:00:00Z',
  policyCode: 'SPAM-1',
  dryRun: false,
};
const reverse = { ...suspend, operation: 'reverse' };
const notice = { noticeId: 'ntc_1', accountRef: 'acct_1', template: 'suspended', statementId: 'sor_1' };

async function send(route: string, key: string, body: unknown, options: SignedOptions = {}) {
  const headers = key === '' ? {} : { 'idempotency-key': key };
  const response = await postSigned(`${url}${route}`, body, { ...options, headers });
  const answer = (await response.json()) as { outcome?: string; effectId?: string; error?: { code: string } };
  return { status: response.status, replayed: response.headers.get('idempotency-replayed'), answer };
}
const act = async (key: string, body: unknown, options?: SignedOptions) =>
  await send('/enforcement/actions', key, body, options);

async function account(ref = 'acct_1') {
  const response = await fetch(`${url}/accounts/${ref}`);
  return (await response.json()) as { status: string; restrictions: { orderId: string; action: string }[] };
}

const logged = (): PlatformRecord[] =>
  readFileSync(path.join(dir, 'platform.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PlatformRecord);
const changes = (): number => logged().filter((record) => record.type === 'action' && record.changed).length;

describe('actions', () => {
  it('applies and reverses, and says when nothing was left to do', async () => {
    const applied = await act('k1', suspend);
    expect(applied).toMatchObject({ status: 200, replayed: null, answer: { outcome: 'applied' } });
    expect(await account()).toMatchObject({
      status: 'suspended',
      restrictions: [{ orderId: 'enf_1', action: 'suspend_account', until: '2026-02-01T00:00:00Z' }],
    });
    const again = await act('k2', suspend);
    expect(again.answer).toMatchObject({ outcome: 'already_applied', effectId: applied.answer.effectId });
    expect((await act('k3', reverse)).answer).toMatchObject({
      outcome: 'reversed',
      effectId: applied.answer.effectId,
    });
    expect((await act('k4', reverse)).answer.outcome).toBe('already_reversed');
    expect(await account()).toMatchObject({ status: 'active', restrictions: [] });
    expect(changes()).toBe(2);
  });

  it('keeps an account restricted while another order still holds it', async () => {
    await act('k1', suspend);
    await act('k2', { ...suspend, orderId: 'enf_2' });
    await act('k3', { ...suspend, orderId: 'enf_2', action: 'limit_sending' });
    await act('k4', reverse);
    expect((await account()).status).toBe('suspended');
    await act('k5', { ...reverse, orderId: 'enf_2' });
    expect((await account()).status).toBe('limited');
    expect((await account('acct_2')).status).toBe('active');
  });

  it('changes nothing in a dry run, and says what it would do', async () => {
    expect((await act('k1', { ...suspend, dryRun: true })).answer.outcome).toBe('applied');
    expect((await account()).status).toBe('active');
    expect((await act('k2', suspend)).answer.outcome).toBe('applied');
    expect(changes()).toBe(1);
  });
});

describe('idempotency', () => {
  it('gives the stored answer for the same key and body', async () => {
    const first = await act('k1', suspend);
    await act('k2', reverse);
    const second = await act('k1', suspend);
    expect(second).toEqual({ ...first, replayed: 'true' });
    expect((await account()).status).toBe('active');
    expect(changes()).toBe(2);
  });

  it('refuses the same key with another body', async () => {
    await act('k1', suspend);
    expect(await act('k1', reverse)).toMatchObject({
      status: 422,
      answer: { error: { code: 'idempotency_key_reused' } },
    });
    expect((await account()).status).toBe('suspended');
  });

  it('asks for a key', async () => {
    expect(await act('', suspend)).toMatchObject({
      status: 400,
      answer: { error: { code: 'missing_idempotency_key' } },
    });
  });

  it('does not keep a refusal: the corrected request may use the same key', async () => {
    expect((await act('k1', { ...suspend, action: 'explode' })).status).toBe(422);
    expect((await act('k1', suspend)).answer.outcome).toBe('applied');
  });

  it('holds when twenty requests with one key come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await act('k1', suspend)));
    expect(new Set(answers.map((answer) => answer.answer.effectId)).size).toBe(1);
    expect(answers.filter((answer) => answer.replayed === null)).toHaveLength(1);
    expect(changes()).toBe(1);
  });

  it('holds when the answer to the first got lost', async () => {
    await setFault(url, { mode: 'lost_after_success', match: { orderId: 'enf_1' } });
    expect(await failureOf(act('k1', suspend) as unknown as Promise<Response>)).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect((await account()).status).toBe('suspended');
    expect(await act('k1', suspend)).toMatchObject({ replayed: 'true', answer: { outcome: 'applied' } });
    expect(changes()).toBe(1);
    expect(logged().map((record) => record.type)).toEqual(['arrival', 'fault', 'action', 'arrival', 'replayed']);
  });

  it('can lose the stored answer too', async () => {
    await act('k1', suspend);
    await setFault(url, { mode: 'lost_after_success' });
    expect(await failureOf(act('k1', suspend) as unknown as Promise<Response>)).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect((await act('k1', suspend)).replayed).toBe('true');
  });
});

describe('notices', () => {
  it('sends each once, by key and by notice id; keys of actions are others', async () => {
    await act('k1', suspend);
    expect((await send('/notices', 'k1', notice)).answer.outcome).toBe('sent');
    expect(await send('/notices', 'k1', notice)).toMatchObject({ replayed: 'true', answer: { outcome: 'sent' } });
    expect((await send('/notices', 'k2', notice)).answer.outcome).toBe('already_sent');
    expect((await send('/notices', 'k1', { ...notice, noticeId: 'ntc_2' })).status).toBe(422);
  });
});

describe('signatures', () => {
  const tenMinutesMs = 600_000;
  it.each([
    ['another secret', { secret: otherSecret }],
    ['an old timestamp', { sentAt: Date.now() - tenMinutesMs }],
    ['a timestamp ahead', { sentAt: Date.now() + tenMinutesMs }],
    ['another body', { signedBody: JSON.stringify(reverse) }],
  ])('refuses %s, and logs the arrival', async (_, options) => {
    expect(await act('k1', suspend, options)).toMatchObject({
      status: 401,
      answer: { error: { code: 'bad_signature' } },
    });
    expect((await account()).status).toBe('active');
    expect(logged()).toMatchObject([{ type: 'arrival', key: 'k1', webhookId: null, refusal: 'bad_signature' }]);
  });

  it('refuses a request without a signature', async () => {
    const response = await fetch(`${url}/notices`, { method: 'POST', headers: { 'idempotency-key': 'k' } });
    expect(response.status).toBe(401);
  });
});

describe('bad input', () => {
  it.each([
    ['an unknown target kind', { ...suspend, target: { kind: 'device', ref: 'x' } }, 422],
    ['an unknown field', { ...suspend, more: 1 }, 422],
    ['a time that is none', { ...suspend, until: 'tomorrow' }, 422],
    ['text', 'hello', 400],
    ['nothing', '', 400],
    ['too much', 'x'.repeat(70_000), 413],
  ])('refuses %s', async (_, body, status) => {
    expect((await act('k1', body)).status).toBe(status);
    expect(changes()).toBe(0);
  });
});

describe('restart', () => {
  it('knows restrictions, answers and notices again', async () => {
    const first = await act('k1', suspend);
    await send('/notices', 'k1', notice);
    await app.close();
    await start();
    expect((await account()).status).toBe('suspended');
    expect(await act('k1', suspend)).toEqual({ ...first, replayed: 'true' });
    expect((await send('/notices', 'k2', notice)).answer.outcome).toBe('already_sent');
    expect((await act('k2', reverse)).answer.outcome).toBe('reversed');
    const { records } = (await (await fetch(`${url}/log`)).json()) as { records: { seq: number }[] };
    expect(records.map((record) => record.seq)).toEqual(records.map((_, position) => position + 1));
    expect(records).toEqual(logged());
  });
});
