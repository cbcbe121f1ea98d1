import { Webhook } from 'standardwebhooks';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoopbackServer } from '#test/support/loopback-server.ts';
import type { Answer, LoopbackServer } from '#test/support/loopback-server.ts';
import { createConsoleChannel } from './console-channel.ts';
import { createHttpClient } from './http.ts';
import type { HttpClient } from './http.ts';
import { wireTitle } from './pager-channels.ts';
import type { PageMessage, PagerChannel } from './pager-channels.ts';
import { createWebhookSigner } from './signed-webhook.ts';
import { createSsrfGuard } from './ssrf-guard.ts';
import { createWebhookChannel } from './webhook-channel.ts';

const secret = `whsec_${Buffer.alloc(32, 4).toString('base64')}`;
const page: PageMessage = {
  deliveryId: 'dlv_1',
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Queue of grooming reports is 40 minutes late',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/a/SECRET',
  possibleDuplicate: true,
  address: '',
};

describe('wireTitle', () => {
  it.each<[Partial<PageMessage>, string]>([
    [{}, page.title],
    [{ kind: 'drill' }, `Drill: ${page.title}`],
    [{ isSensitive: true }, 'Severity 1 escalation about sensitive harm: open Vigil to read it'],
    [
      { isSensitive: true, kind: 'drill', severity: 2 },
      'Drill: Severity 2 escalation about sensitive harm: open Vigil to read it',
    ],
    [{ title: 'a\r\nBcc: b\u0000c\u2028d\u202Ee' }, 'a Bcc: b c d e'],
    [{ title: ' \n ' }, 'Severity 1 escalation'],
    [{ title: '😀'.repeat(201) }, '😀'.repeat(200)],
    [{ title: 'x\uD800' }, 'x\uFFFD'],
    [{ title: 'x\uFFFFy\uFFFEz' }, 'x y z'],
  ])('of %j', (over, title) => {
    expect(wireTitle({ ...page, ...over })).toBe(title);
  });
});

describe('the webhook channel', () => {
  let server: LoopbackServer;
  let http: HttpClient;
  let channel: PagerChannel;
  let answer: Answer;
  const send = (over: Partial<PageMessage> = {}) =>
    channel.send({ ...page, address: `${server.url}/hook?t=1`, ...over });

  beforeEach(async () => {
    answer = (response) => response.writeHead(200).end();
    server = await startLoopbackServer((...args) => answer(...args));
    http = createHttpClient({ guard: createSsrfGuard({ allowList: [server.hostPort] }) });
    channel = createWebhookChannel({ http, signer: createWebhookSigner([secret]) });
  });
  afterEach(async () => {
    await http.close();
    await server[Symbol.asyncDispose]();
  });

  it('posts the page, signed under the id of its delivery', async () => {
    await expect(send()).resolves.toEqual({ outcome: 'delivered' });
    const [request] = server.received;
    expect(request).toMatchObject({ path: '/hook?t=1', headers: { 'webhook-id': 'dlv_1' } });
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers as Record<string, string>)).toEqual({
      deliveryId: 'dlv_1',
      escalationId: 'esc_1',
      kind: 'page',
      title: page.title,
      severity: 1,
      ackUrl: page.ackUrl,
      possibleDuplicate: true,
    });
  });

  it('says nothing about sensitive harm', async () => {
    await send({ isSensitive: true });
    expect(server.received[0]?.body).not.toContain('grooming');
  });

  it.each<[string, Answer, object]>([
    ['202', (response) => response.writeHead(202).end(), { outcome: 'sent' }],
    [
      'a success with a garbled, endless body',
      (response) => void response.writeHead(200).write('\0'),
      { outcome: 'delivered' },
    ],
    ['500', (response) => response.writeHead(500).end(), { outcome: 'failed_transient', retryAfterMs: null }],
    [
      '429',
      (response) => response.writeHead(429, { 'retry-after': '9' }).end(),
      { outcome: 'failed_transient', retryAfterMs: 9_000 },
    ],
    ['404', (response) => response.writeHead(404).end(), { outcome: 'failed_permanent', code: 'http_404' }],
    ['410', (response) => response.writeHead(410).end(), { outcome: 'failed_permanent', code: 'gone' }],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: '/' }).end(),
      { outcome: 'failed_permanent', code: 'redirected' },
    ],
    ['a dropped connection', (_, __, message) => message.socket.destroy(), { outcome: 'unknown' }],
  ])('calls %s by its outcome', async (_, fault, outcome) => {
    answer = fault;
    await expect(send()).resolves.toEqual(outcome);
  });

  it('does not know whether a phone that hangs was reached', async () => {
    answer = () => {};
    channel = createWebhookChannel({ http, signer: createWebhookSigner([secret]), timeoutMs: 1_000 });
    await expect(send()).resolves.toEqual({ outcome: 'unknown' });
  });

  it('knows that a phone that is off was not reached', async () => {
    await server[Symbol.asyncDispose]();
    await expect(send()).resolves.toEqual({ outcome: 'failed_transient', retryAfterMs: null });
  });

  it.each([
    ['http://10.0.0.1/hook', 'not_https'],
    ['https://169.254.169.254/latest', 'address_not_public'],
    ['not a url', 'malformed_url'],
  ])('falls back from the address %s at once', async (address, code) => {
    await expect(send({ address })).resolves.toEqual({ outcome: 'failed_permanent', code });
  });
});

describe('the console channel', () => {
  it('logs a line without the secret link and without sensitive text', async () => {
    const lines: string[] = [];
    const channel = createConsoleChannel(pino({}, { write: (line) => void lines.push(line) }));
    await expect(channel.send({ ...page, isSensitive: true })).resolves.toEqual({ outcome: 'sent' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ deliveryId: 'dlv_1', escalationId: 'esc_1', severity: 1 });
    expect(lines[0]).not.toMatch(/SECRET|grooming/);
  });
});
