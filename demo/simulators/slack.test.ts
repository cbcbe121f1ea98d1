import { LogLevel, WebClient } from '@slack/web-api';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoopbackServer } from '#test/support/loopback-server.ts';
import { createSlack } from './slack.ts';
import type { SlackRecord } from './slack.ts';
import { postJson, setFault } from './test-client.ts';

let dir: string;
let app: FastifyInstance;
let url: string;
let client: WebClient;

async function start(): Promise<void> {
  app = createSlack({ token: 'xoxb-1', signingSecret: 'secret', logFile: path.join(dir, 'slack.ndjson') });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  client = clientWith('xoxb-1');
}
const clientWith = (token: string) =>
  new WebClient(token, {
    slackApiUrl: `${url}/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  });
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-slack-'));
  await start();
});
afterEach(async () => {
  await app.close();
  rmSync(dir, { recursive: true });
});

const button = { type: 'button', action_id: 'go', value: 'v1', text: { type: 'plain_text', text: 'Go' } };
const blocks = [{ type: 'actions', elements: [button] }];
const post = (channel: string) =>
  client.apiCall('chat.postMessage', { channel, text: 'hello', blocks }) as unknown as Promise<{
    channel: string;
    ts: string;
  }>;
const records = async () => ((await (await fetch(`${url}/log`)).json()) as { records: SlackRecord[] }).records;

describe('the Web API', () => {
  it('speaks to the real client: who, a conversation, a message and its change', async () => {
    expect(await client.auth.test()).toMatchObject({ ok: true, user: 'vigil' });
    expect(await client.conversations.open({ users: 'U1' })).toMatchObject({ channel: { id: 'D1' } });
    const { channel, ts } = await post('U1');
    expect(channel).toBe('D1');
    await client.chat.update({ channel, ts, text: 'changed' });
    expect(await records()).toMatchObject([
      { type: 'post', channel: 'D1', ts, text: 'hello' },
      { type: 'update', channel: 'D1', ts, text: 'changed', blocks: [] },
    ]);
  });

  it('refuses as Slack does: 200, not ok, and a word', async () => {
    await expect(clientWith('xoxb-2').auth.test()).rejects.toThrow('invalid_auth');
    await expect(clientWith('').auth.test()).rejects.toThrow('not_authed');
    await expect(client.chat.update({ channel: 'C1', ts: '1.2', text: 'x' })).rejects.toThrow('message_not_found');
    await postJson(`${url}/refusals`, { error: 'is_archived', channel: 'C1' });
    await post('C2');
    await expect(post('C1')).rejects.toThrow('is_archived');
    await post('C1');
  });

  it('limits with a time, and may do the work and lose the answer', async () => {
    await setFault(url, { mode: 'rate_limited', retryAfterSeconds: 9 });
    await expect(post('C1')).rejects.toMatchObject({ retryAfter: 9 });
    await setFault(url, { mode: 'lost_after_success' });
    await expect(post('C1')).rejects.toThrow();
    expect((await records()).filter(({ type }) => type === 'post')).toHaveLength(1);
  });

  it('knows its messages after a restart', async () => {
    const { channel, ts } = await post('C1');
    await app.close();
    await start();
    expect(await client.chat.update({ channel, ts, text: 'still there' })).toMatchObject({ ok: true });
  });
});

describe('a click', () => {
  it('is a signed request to the app, and takes its answer at an address of its own', async () => {
    const { channel, ts } = await post('C1');
    await using target = await startLoopbackServer((response) => response.end());
    const clicked = await postJson(`${url}/clicks`, { channel, ts, action: 'go', user: 'U1', url: target.url });
    const { status, raw, headers } = (await clicked.json()) as Record<string, string> & { headers: object };
    expect([status, headers]).toMatchObject([
      200,
      {
        'x-slack-signature': expect.stringMatching(/^v0=[0-9a-f]{64}$/),
        'x-slack-request-timestamp': expect.any(String),
      },
    ]);
    const payload = JSON.parse(new URLSearchParams(raw).get('payload') ?? '') as { response_url: string };
    expect(payload).toMatchObject({ user: { id: 'U1' }, actions: [{ action_id: 'go', value: 'v1' }] });
    await postJson(payload.response_url, { text: 'done' });
    expect((await records()).slice(1)).toMatchObject([
      { type: 'click', user: 'U1', status: 200 },
      { type: 'answer', body: { text: 'done' } },
    ]);
  });

  it('needs a button that the message shows now', async () => {
    const { channel, ts } = await post('C1');
    await client.chat.update({ channel, ts, text: 'over' });
    const clicked = await postJson(`${url}/clicks`, {
      channel,
      ts,
      action: 'go',
      user: 'U1',
      url: 'http://127.0.0.1:1',
    });
    expect(clicked.status).toBe(404);
  });
});
