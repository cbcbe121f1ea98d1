import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerJson, startLoopbackServer } from '#test/support/loopback-server.ts';
import type { Answer, LoopbackServer } from '#test/support/loopback-server.ts';
import { createEnforcementApi } from './enforcement-api.ts';
import type { ActRequest, EnforcementApi } from './enforcement-api.ts';
import { createHttpClient } from './http.ts';
import type { HttpClient } from './http.ts';
import { createWebhookSigner } from './signed-webhook.ts';
import { createSsrfGuard } from './ssrf-guard.ts';

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const order: ActRequest = {
  idempotencyKey: 'enf_1:apply',
  orderId: 'enf_1',
  action: 'suspend_account',
  operation: 'apply',
  target: { kind: 'account', ref: 'acct-7' },
  untilAt: Date.UTC(2026, 5, 1),
  policyCode: 'SPAM-3',
  dryRun: false,
};
const done = { effectId: 'eff-1', outcome: 'applied', at: '2026-05-01T10:00:00+02:00', note: 'ignored' };

let server: LoopbackServer;
let http: HttpClient;
let api: EnforcementApi;
let answer: Answer;

const apiWith = (options: { timeoutMs?: number }) =>
  createEnforcementApi({ http, signer: createWebhookSigner([secret]), baseUrl: `${server.url}/platform/`, ...options });

beforeEach(async () => {
  server = await startLoopbackServer((...args) => answer(...args));
  http = createHttpClient({ guard: createSsrfGuard({ allowList: [server.hostPort] }) });
  api = apiWith({});
});
afterEach(async () => {
  await http.close();
  await server[Symbol.asyncDispose]();
});

describe('the enforcement client', () => {
  it('sends the contract, signed, under the key', async () => {
    answer = (response) => answerJson(response, done);
    await expect(api.act(order)).resolves.toEqual({
      effectId: 'eff-1',
      outcome: 'applied',
      at: Date.UTC(2026, 4, 1, 8),
    });
    const [request] = server.received;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/platform/enforcement/actions',
      headers: { 'idempotency-key': 'enf_1:apply', 'webhook-id': 'enf_1:apply' },
    });
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>)).toEqual({
      orderId: 'enf_1',
      action: 'suspend_account',
      operation: 'apply',
      target: { kind: 'account', ref: 'acct-7' },
      until: '2026-06-01T00:00:00.000Z',
      policyCode: 'SPAM-3',
      dryRun: false,
    });
  });

  it('repeats after an answer lost behind the success, and learns that it was done', async () => {
    const effects = new Map<string, string>();
    answer = (response, { headers }, message) => {
      const key = String(headers['idempotency-key']);
      const known = effects.get(key);
      effects.set(key, known ?? `eff-${effects.size + 1}`);
      if (known === undefined) message.socket.destroy();
      else answerJson(response, { ...done, effectId: known, outcome: 'already_applied' });
    };
    await expect(api.act(order)).rejects.toMatchObject({ failure: { kind: 'transient', mayHaveArrived: true } });
    await expect(api.act(order)).resolves.toMatchObject({ effectId: 'eff-1', outcome: 'already_applied' });
    expect(effects.size).toBe(1);
  });

  it('takes only the outcomes of the operation that it asked for', async () => {
    answer = (response) => answerJson(response, { ...done, outcome: 'already_reversed' });
    await expect(api.act({ ...order, operation: 'reverse' })).resolves.toMatchObject({ outcome: 'already_reversed' });
    await expect(api.act(order)).rejects.toMatchObject({ failure: { kind: 'garbage', reason: 'unexpected_shape' } });
  });

  it.each([
    [{ ...done, effectId: '' }],
    [{ ...done, effectId: 'eff\u0000' }],
    [{ ...done, effectId: 'x'.repeat(201) }],
    [{ ...done, at: 'today' }],
    [{ ...done, at: '2026-05-01T10:00:00' }],
    [{ error: 'account not found' }],
  ])('calls %j garbage', async (body) => {
    answer = (response) => answerJson(response, body);
    await expect(api.act(order)).rejects.toMatchObject({ code: 'outgoing.garbage' });
  });

  it.each<[string, Answer, string, object]>([
    ['500', (response) => response.writeHead(500).end('CANARY'), 'outgoing.unavailable', { reason: 'server_error' }],
    [
      '429',
      (response) => response.writeHead(429, { 'retry-after': '3' }).end(),
      'outgoing.unavailable',
      { retryAfterMs: 3_000 },
    ],
    ['404', (response) => response.writeHead(404).end(), 'outgoing.refused', { reason: 'rejected' }],
  ])('names the failure on %s', async (_, fault, code, failure) => {
    answer = fault;
    await expect(api.act(order)).rejects.toMatchObject({ code, failure });
  });

  it('does not wait for ever', async () => {
    answer = () => {};
    await expect(apiWith({ timeoutMs: 60 }).act(order)).rejects.toMatchObject({ failure: { reason: 'timeout' } });
  });

  it('sends a notice under its id, and counts any success', async () => {
    answer = (response) => response.writeHead(204).end();
    const notice = { noticeId: 'ntc_1', accountRef: 'acct-7', template: 'suspension', statementId: null };
    await expect(api.notify(notice)).resolves.toBeUndefined();
    expect(server.received).toMatchObject([
      {
        path: '/platform/notices',
        headers: { 'idempotency-key': 'ntc_1', 'webhook-id': 'ntc_1' },
        body: JSON.stringify(notice),
      },
    ]);
  });
});
