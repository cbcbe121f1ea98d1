import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closedPort, seen, startTestSlack } from '#test/support/slack.ts';
import type { TestSlack } from '#test/support/slack.ts';
import type { PageMessage } from './pager-channels.ts';
import { createSlackApi } from './slack-api.ts';
import { createSlackChannel, fromRef } from './slack-channel.ts';
import { createSsrfGuard } from './ssrf-guard.ts';

let slack: TestSlack;
beforeAll(async () => {
  slack = await startTestSlack({ timeoutMs: 2_000 });
});
afterAll(() => slack?.stop());
afterEach(() => slack.behave());

const errors: object[] = [];
const log = { error: (fields: unknown) => void errors.push(fields as object) };
const channelOf = (api = slack.api, publicUrl: string | null = 'https://vigil.example') =>
  createSlackChannel({ api, publicUrl, log });

const page = (change: Partial<PageMessage> = {}): PageMessage => ({
  deliveryId: 'dlv_1',
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Disk full',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/secret-of-one-person',
  possibleDuplicate: false,
  address: 'C0123ABCD',
  ...change,
});
const last = async () => (await slack.messages()).at(-1) ?? expect.fail('no message');

describe('a page in Slack', () => {
  it('stands in the conversation with its buttons, and is called by its conversation and time', async () => {
    const outcome = await channelOf().send(page());
    const message = await last();
    expect(outcome).toEqual({ outcome: 'sent', providerRef: `C0123ABCD:${message.ts}` });
    expect(seen(message)).toEqual({
      texts: ['Disk full', 'Severity 1'],
      buttons: ['vigil_acknowledge', 'vigil_escalate', 'vigil_open'],
    });
    expect(message.text).toBe('Disk full. Severity 1');
    expect(JSON.stringify(message)).toContain('https://vigil.example/v1/escalations/esc_1');
  });

  it('goes to the direct messages of a person, and is called by that conversation', async () => {
    const outcome = await channelOf().send(page({ address: 'U0123ABCD' }));
    expect(outcome).toMatchObject({ outcome: 'sent', providerRef: expect.stringMatching(/^D0123ABCD:\d+\.\d+$/) });
  });

  it('never carries the personal link', async () => {
    await channelOf().send(page());
    expect(JSON.stringify(await last())).not.toContain('secret-of-one-person');
  });

  it('has no markup, whatever the title says', async () => {
    const title = '<!channel> <@U123> *all* `of` & <https://evil.example|you> @here';
    await channelOf().send(page({ title }));
    const message = await last();
    const escaped = '&lt;!channel&gt; &lt;@U123&gt; *all* `of` &amp; &lt;https://evil.example|you&gt; @here';
    expect(seen(message).texts[0]).toBe(escaped);
    expect(message.text).not.toMatch(/[<>]/);
    const kinds = JSON.stringify(message.blocks).match(/"type":"(mrkdwn|rich_text)"/g);
    expect(kinds).toBeNull();
  });

  it('about sensitive harm tells nothing of its title', async () => {
    await channelOf().send(page({ isSensitive: true, title: 'canary-content' }));
    expect(JSON.stringify(await last())).not.toContain('canary-content');
  });

  it('says that it may be a repeat', async () => {
    await channelOf().send(page({ possibleDuplicate: true }));
    expect(seen(await last()).texts).toContain('You may have got this already');
  });

  it('has no button to open where nobody has said how to reach Vigil', async () => {
    await channelOf(slack.api, null).send(page());
    expect(seen(await last()).buttons).toEqual(['vigil_acknowledge', 'vigil_escalate']);
  });

  it.each(['resolved', 'handoff', 'swap', 'verification', 'test'] as const)(
    'of the kind %s has no buttons',
    async (kind) => {
      await channelOf().send(page({ kind, escalationId: null, title: 'Your code is 123456' }));
      expect(seen(await last()).buttons).toEqual([]);
      expect((await last()).text).toContain('Your code is 123456');
    },
  );
});

describe('what Slack says no to', () => {
  it.each(['channel_not_found', 'is_archived', 'not_in_channel', 'msg_too_long'])('%s: for good', async (error) => {
    await slack.refuse({ error });
    expect(await channelOf().send(page())).toEqual({ outcome: 'failed_permanent', code: error });
  });

  it.each(['invalid_auth', 'account_inactive', 'token_revoked', 'missing_scope'])(
    '%s: for good, and the log says that nothing gets through',
    async (error) => {
      errors.length = 0;
      await slack.refuse({ error });
      expect(await channelOf().send(page())).toEqual({ outcome: 'failed_permanent', code: error });
      expect(errors).toEqual([{ provider: 'slack', code: error }]);
    },
  );

  it('a token that is not its own: the same', async () => {
    const guard = createSsrfGuard({ allowList: [new URL(slack.url).host] });
    const api = createSlackApi({ token: 'xoxb-other', guard, apiUrl: `${slack.url}/api/` });
    expect(await channelOf(api).send(page())).toEqual({ outcome: 'failed_permanent', code: 'invalid_auth' });
    await api.close();
  });

  it('too many: later, when Slack says', async () => {
    await slack.fault({ mode: 'rate_limited', retryAfterSeconds: 7 });
    expect(await channelOf().send(page())).toEqual({ outcome: 'failed_transient', retryAfterMs: 7_000 });
    await slack.refuse({ error: 'ratelimited' });
    expect(await channelOf().send(page())).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
  });

  it('it is broken: later', async () => {
    await slack.fault({ mode: 'error_500' });
    expect(await channelOf().send(page())).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
    await slack.refuse({ error: 'service_unavailable' });
    expect(await channelOf().send(page())).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
  });
});

describe('an answer that does not come', () => {
  it.each(['lost_after_success', 'hang', 'connection_reset', 'garbage'] as const)(
    '%s: the page may have arrived',
    async (mode) => {
      await slack.fault({ mode });
      expect(await channelOf().send(page())).toEqual({ outcome: 'unknown' });
    },
  );

  it.each(['internal_error', 'fatal_error'])('%s: Slack may have done it', async (error) => {
    await slack.refuse({ error });
    expect(await channelOf().send(page())).toEqual({ outcome: 'unknown' });
  });

  it('nobody listens: it did not arrive', async () => {
    const host = `127.0.0.1:${await closedPort()}`;
    const api = createSlackApi({
      token: 'x',
      guard: createSsrfGuard({ allowList: [host] }),
      apiUrl: `http://${host}/api/`,
    });
    expect(await channelOf(api).send(page())).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
    await api.close();
  });

  it('an address that Vigil may not call is not called', async () => {
    const api = createSlackApi({ token: 'x', guard: createSsrfGuard({ allowList: [] }), apiUrl: `${slack.url}/api/` });
    expect(await channelOf(api).send(page())).toEqual({ outcome: 'failed_permanent', code: 'not_https' });
    await api.close();
  });
});

it('a message is found again by what Slack calls it, and by nothing else', () => {
  expect(fromRef('C0123ABCD:1764000000.000100')).toEqual({ channel: 'C0123ABCD', ts: '1764000000.000100' });
  for (const ref of ['', 'C1', 'C12:', 'c12:1.2', 'C12:1.2:3', ':1.2', 'C12:x']) expect(fromRef(ref), ref).toBeNull();
});
