import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSmtpSink } from '#test/support/smtp-sink.ts';
import type { SmtpFault, SmtpSink } from '#test/support/smtp-sink.ts';
import { createEmailChannel } from './email-channel.ts';
import type { EmailChannel } from './email-channel.ts';
import type { PageMessage } from './pager-channels.ts';

const page: PageMessage = {
  deliveryId: 'dlv_1',
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Queue of reports is 40 minutes late – “naïve”',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/a/SECRET',
  possibleDuplicate: false,
  address: 'ann@example.org',
};

let sink: SmtpSink;
let channel: EmailChannel;
beforeEach(async () => {
  sink = await startSmtpSink();
  channel = createEmailChannel({ smtpUrl: sink.url, from: 'alerts@vigil.example', timeoutMs: 3_000 });
});
afterEach(async () => {
  channel.close();
  await sink[Symbol.asyncDispose]();
});

describe('a page by e-mail', () => {
  it('is plain text with the link, under the id of its delivery', async () => {
    expect(await channel.send(page)).toEqual({ outcome: 'sent' });
    const [mail] = sink.received;
    expect(mail).toMatchObject({
      from: 'alerts@vigil.example',
      to: ['ann@example.org'],
      subject: page.title,
      messageId: '<dlv_1@vigil.example>',
    });
    expect(mail?.text).toContain('https://vigil.example/a/SECRET');
    expect(mail?.text).toContain('Severity 1');
    const header = (key: string) => mail?.headers.find((one) => one.key === key)?.value;
    expect(header('auto-submitted')).toBe('auto-generated');
    expect(header('references')).toBe('<esc_1@vigil.example>');
    expect(header('content-type')).toContain('text/plain');
  });

  it('is given up before the activity is that sends it, so that what is known of it is said', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const usual = createEmailChannel({ smtpUrl: sink.url, from: 'alerts@vigil.example' });
    await usual.send(page);
    usual.close();
    expect(timeout).toHaveBeenCalledExactlyOnceWith(10_000);
    timeout.mockRestore();
  });

  it('says that it may be a second one', async () => {
    await channel.send({ ...page, possibleDuplicate: true });
    expect(sink.received[0]?.subject).toMatch(/^\(possibly again\) /);
    expect(sink.received[0]?.text).toContain('before');
  });

  it('carries no content of sensitive harm', async () => {
    await channel.send({ ...page, isSensitive: true, title: 'CANARY' });
    expect(sink.received[0]?.raw).not.toContain('CANARY');
    expect(sink.received[0]?.subject).toContain('sensitive harm');
  });

  it('lets nothing into its headers', async () => {
    await channel.send({ ...page, title: 'a\r\nBcc: eve@example.net\r\n\r\nb' });
    expect(sink.received[0]?.to).toEqual(['ann@example.org']);
    expect(sink.received[0]?.headers.map(({ key }) => key)).not.toContain('bcc');
    for (const address of ['ann@example.org\r\nBcc: eve@example.net', 'ann@example.org, eve@example.net', 'Ann <a@b>'])
      expect(await channel.send({ ...page, address })).toEqual({
        outcome: 'failed_permanent',
        code: 'address_invalid',
      });
    expect(sink.received).toHaveLength(1);
  });

  it('uses its connection again', async () => {
    for (const deliveryId of ['dlv_1', 'dlv_2', 'dlv_3']) await channel.send({ ...page, deliveryId });
    expect([sink.received.length, sink.connections]).toEqual([3, 1]);
  });
});

describe('what the mail server says', () => {
  it.each<[string, SmtpFault, object, number]>([
    [
      'not now, at the recipient',
      { mode: 'refuse', at: 'rcpt', status: 450 },
      { outcome: 'failed_transient', retryAfterMs: null },
      0,
    ],
    [
      'never, at the recipient',
      { mode: 'refuse', at: 'rcpt', status: 550 },
      { outcome: 'failed_permanent', code: 'smtp_550' },
      0,
    ],
    [
      'not now, after the message',
      { mode: 'refuse', at: 'data', status: 452 },
      { outcome: 'failed_transient', retryAfterMs: null },
      0,
    ],
    [
      'never, after the message',
      { mode: 'refuse', at: 'data', status: 554 },
      { outcome: 'failed_permanent', code: 'smtp_554' },
      0,
    ],
    ['nothing, having taken it', { mode: 'lost_after_success' }, { outcome: 'unknown' }, 1],
    [
      'nothing, at the greeting',
      { mode: 'hang', at: 'connect' },
      { outcome: 'failed_transient', retryAfterMs: null },
      0,
    ],
    ['nothing, after the message', { mode: 'hang', at: 'data' }, { outcome: 'unknown' }, 0],
  ])('%s', async (_what, fault, outcome, arrived) => {
    sink.fail(fault);
    expect(await channel.send(page)).toEqual(outcome);
    expect(sink.received).toHaveLength(arrived);
    // And the next one goes through.
    expect(await channel.send({ ...page, deliveryId: 'dlv_2' })).toEqual({ outcome: 'sent' });
  });

  it('nothing, because there is none', async () => {
    const nowhere = createEmailChannel({
      smtpUrl: 'smtp://127.0.0.1:1',
      from: 'alerts@vigil.example',
      timeoutMs: 1_000,
    });
    expect(await nowhere.send(page)).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
    nowhere.close();
  });

  it('and what cancels it is thrown', async () => {
    sink.fail({ mode: 'hang', at: 'data' });
    const cancelled = new AbortController();
    const sending = channel.send(page, cancelled.signal);
    cancelled.abort(new Error('cancelled'));
    await expect(sending).rejects.toThrow('cancelled');
  });
});
