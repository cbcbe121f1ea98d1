import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwilio, twilioAccount } from '#test/support/twilio.ts';
import type { TestTwilio } from '#test/support/twilio.ts';
import { createHttpClient } from './http.ts';
import type { PageMessage, PagerChannel } from './pager-channels.ts';
import { createSsrfGuard } from './ssrf-guard.ts';
import { createSmsChannel } from './twilio-channels.ts';
import { createTwilioClient } from './twilio-client.ts';

const page: PageMessage = {
  deliveryId: 'dlv_1',
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Queue of reports is 40 minutes late',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/a/SECRET',
  possibleDuplicate: false,
  address: '+447700900123',
  replyCode: 7,
};
const publicUrl = 'https://vigil.example/';

let twilio: TestTwilio;
const messages = () => twilio.records('message');
const calls = () => twilio.records('call');
beforeAll(async () => {
  twilio = await startTwilio(publicUrl);
});
afterAll(() => twilio.stop());

describe('a page by text message', () => {
  it('goes to the number, tells where its receipt is wanted, and is known by its SID', async () => {
    const outcome = await twilio.sms.send(page);
    const [message] = await messages();
    expect(outcome).toEqual({ outcome: 'sent', providerRef: message?.sid });
    expect(message?.form).toEqual({
      To: page.address,
      From: '+15005550006',
      Body: `${page.title}. Reply 7a to acknowledge, 7e to escalate. https://vigil.example/a/SECRET`,
      StatusCallback: 'https://vigil.example/v1/providers/twilio/status/dlv_1',
      ValidityPeriod: '600',
    });
  });
});

describe('a page by call', () => {
  it('says what it is about, and which key does what', async () => {
    const outcome = await twilio.voice.send({ ...page, title: 'Queue <late> & "long"' });
    const call = (await calls()).at(-1);
    expect(outcome).toEqual({ outcome: 'sent', providerRef: call?.sid });
    const { Twiml: twiml, ...form } = call?.form ?? {};
    expect(form).toEqual({
      To: page.address,
      From: '+15005550007',
      Timeout: '25',
      StatusCallback: 'https://vigil.example/v1/providers/twilio/status/dlv_1',
    });
    expect(twiml).toContain('action="https://vigil.example/v1/providers/twilio/voice/dlv_1"');
    expect(twiml).toContain('Queue &lt;late&gt; &amp; "long". Press 4 to acknowledge, 6 to escalate.');
    expect(twiml).not.toContain('SECRET');
  });

  it('says no content of sensitive harm', async () => {
    await twilio.voice.send({ ...page, isSensitive: true, title: 'CANARY' });
    expect((await calls()).at(-1)?.form['Twiml']).not.toContain('CANARY');
  });

  it('of what takes no answer asks for no key, and spells a code', async () => {
    await twilio.voice.send({ ...page, kind: 'verification', title: 'Your code is 123456', escalationId: null });
    const twiml = (await calls()).at(-1)?.form['Twiml'];
    expect(twiml).toContain('Your code is 1, 2, 3, 4, 5, 6.');
    expect(twiml).not.toContain('Gather');
  });
});

describe('what Twilio says', () => {
  const channels: [string, (of: TestTwilio) => PagerChannel][] = [
    ['sms', ({ sms }) => sms],
    ['voice', ({ voice }) => voice],
  ];
  describe.each(channels)('by %s', (_name, of) => {
    const send = () => of(twilio).send(page);

    it.each([21211, 21610, 21614])('never, for the reason %i', async (code) => {
      await twilio.script({ rejectWith: code });
      expect(await send()).toEqual({ outcome: 'failed_permanent', code: `twilio_${code}` });
    });

    it('not now, and when', async () => {
      await twilio.fault({ mode: 'rate_limited', retryAfterSeconds: 7 });
      expect(await send()).toEqual({ outcome: 'failed_transient', retryAfterMs: 7_000 });
      await twilio.fault({ mode: 'error_500' });
      expect(await send()).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
    });

    it('nothing: it may have been queued', async () => {
      const before = (await messages()).length + (await calls()).length;
      await twilio.fault({ mode: 'lost_after_success' });
      expect(await send()).toEqual({ outcome: 'unknown' });
      expect((await messages()).length + (await calls()).length).toBe(before + 1);
      await twilio.fault({ mode: 'garbage' });
      expect(await send()).toEqual({ outcome: 'unknown' });
    });
  });

  it('nothing, because it is not there, or is where no call may go', async () => {
    const http = createHttpClient({ guard: createSsrfGuard({ allowList: ['127.0.0.1:1'] }) });
    const at = (baseUrl: string) =>
      createSmsChannel({
        client: createTwilioClient({ ...twilioAccount, baseUrl }, http),
        from: twilioAccount.smsFrom,
        publicUrl,
      }).send(page);
    expect(await at('http://127.0.0.1:1')).toEqual({ outcome: 'failed_transient', retryAfterMs: null });
    expect(await at('http://127.0.0.1:2')).toEqual({ outcome: 'failed_permanent', code: 'not_https' });
    await http.close();
  });
});
