import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from './http.ts';
import type { PageMessage } from './pager-channels.ts';
import { createWebhookSigner } from './signed-webhook.ts';
import { createSsrfGuard } from './ssrf-guard.ts';
import { createWebhookChannel } from './webhook-channel.ts';

const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const [older, newer, stranger] = [secretOf(1), secretOf(2), secretOf(3)];
const repository = fileURLToPath(new URL('../..', import.meta.url));
/** The receiver that the documentation gives to readers, as it stands there. */
const [, receiver = ''] =
  /```js receiver\n([^]*?)```/.exec(readFileSync(`${repository}docs/channels.md`, 'utf8')) ?? [];

const running: ChildProcess[] = [];
const clients: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Receiver {
  readonly url: string;
  /** What it has printed, once that is so many lines. */
  shown(lines: number): Promise<string[]>;
}

async function start(secret: string): Promise<Receiver> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', receiver], {
    cwd: repository,
    env: { PORT: '0', WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!text.includes('\n')) await once(child.stdout, 'data');
  const [, port = ''] = /^listening (\d+)$/m.exec(text) ?? [];
  return {
    url: `http://127.0.0.1:${port}`,
    async shown(lines) {
      const printed = () => text.split('\n').slice(1, -1);
      while (printed().length < lines) await once(child.stdout, 'data');
      return printed();
    },
  };
}

function channelTo({ url }: Receiver, secrets: readonly string[]) {
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [new URL(url).host] }) });
  clients.push(http);
  return createWebhookChannel({ http, signer: createWebhookSigner(secrets) });
}

const pageTo = ({ url }: Receiver, deliveryId = 'dlv_1'): PageMessage => ({
  deliveryId,
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Søk er nede ☎',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/a/SECRET',
  possibleDuplicate: false,
  address: url,
});

const refused = { outcome: 'failed_permanent', code: 'http_401' };

describe('a receiver built on the Standard Webhooks library, as documented', () => {
  it('accepts pages all through a rotation: with the old secret, then with the new one, and with no other', async () => {
    const [before, after, foreign] = await Promise.all([older, newer, stranger].map(start));
    if (!before || !after || !foreign) throw new Error('a receiver did not start');
    const delivered = { outcome: 'delivered' };
    expect(await channelTo(before, [older]).send(pageTo(before, 'dlv_1'))).toEqual(delivered);
    for (const side of [before, after])
      expect(await channelTo(side, [newer, older]).send(pageTo(side, 'dlv_2'))).toEqual(delivered);
    expect(await channelTo(after, [newer]).send(pageTo(after, 'dlv_3'))).toEqual(delivered);
    expect(await channelTo(before, [newer]).send(pageTo(before, 'dlv_3'))).toEqual(refused);
    expect(await channelTo(foreign, [newer, older]).send(pageTo(foreign))).toEqual(refused);
    const line = 'page: Søk er nede ☎ https://vigil.example/a/SECRET';
    expect(await before.shown(2)).toEqual([line, line]);
    expect(await foreign.shown(0)).toEqual([]);
  });

  it('shows a page once that was sent twice', async () => {
    const side = await start(newer);
    const channel = channelTo(side, [newer]);
    for (const possibleDuplicate of [false, true]) await channel.send({ ...pageTo(side), possibleDuplicate });
    await channel.send({ ...pageTo(side, 'dlv_2'), title: 'another', ackUrl: null });
    expect(await side.shown(2)).toEqual(['page: Søk er nede ☎ https://vigil.example/a/SECRET', 'page: another ']);
  });

  it('refuses a body that was changed on the way, another id, and a message that is over five minutes off', async () => {
    const side = await start(newer);
    const body = JSON.stringify({ kind: 'page', title: 'x', ackUrl: null });
    const signer = createWebhookSigner([newer, older]);
    const send = async (headers: Record<string, string>, text = body) =>
      (await fetch(side.url, { method: 'POST', headers, body: text })).status;
    const now = Date.now();
    expect(await send(signer.headers('dlv_1', now, body))).toBe(200);
    expect(await send(signer.headers('dlv_1', now, body), body.replace('x', 'y'))).toBe(401);
    expect(await send({ ...signer.headers('dlv_1', now, body), 'webhook-id': 'dlv_2' })).toBe(401);
    for (const minutes of [-6, 6]) expect(await send(signer.headers('dlv_1', now + minutes * 60_000, body))).toBe(401);
    for (const minutes of [-4, 4]) expect(await send(signer.headers('dlv_1', now + minutes * 60_000, body))).toBe(200);
    // And a webhook that another sender signed by the same library is understood as well.
    const signature = new Webhook(newer).sign('dlv_9', new Date(now), body);
    const headers = { 'webhook-id': 'dlv_9', 'webhook-timestamp': String(Math.floor(now / 1_000)) };
    expect(await send({ ...headers, 'webhook-signature': signature })).toBe(200);
  });
});
