import { expect, it } from 'vitest';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { startSmtpSink } from '#test/support/smtp-sink.ts';
import { startTwilio, twilioAccount } from '#test/support/twilio.ts';
import { connectPhones } from './phones.ts';

it('pages by the accounts that there are, and asks the provider that can be asked', async () => {
  const publicUrl = 'https://vigil.example';
  const twilio = await startTwilio(publicUrl);
  await using sink = await startSmtpSink();
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [new URL(twilio.url).host] }) });
  const phones = connectPhones(
    {
      email: { smtpUrl: sink.url, from: 'alerts@vigil.example' },
      twilio: { ...twilioAccount, voiceFrom: null, baseUrl: twilio.url, publicUrl },
    },
    http,
  );
  try {
    expect(phones.channels.map(({ name }) => name)).toEqual(['email', 'sms']);
    const page = {
      deliveryId: 'dlv_1',
      escalationId: 'esc_1',
      kind: 'page',
      title: 'The disk is full',
      isSensitive: false,
      severity: 1,
      ackUrl: null,
      possibleDuplicate: false,
    } as const;
    const [email, sms] = phones.channels;
    expect(await email?.send({ ...page, address: 'ann@example.org' })).toEqual({ outcome: 'sent' });
    const sent = await sms?.send({ ...page, address: '+447700900123' });
    const sid = sent?.outcome === 'sent' ? (sent.providerRef ?? '') : '';
    await twilio.settleSilently(sid, 'delivered');
    expect(await phones.receipts.get('sms')?.(sid)).toEqual({ result: 'delivered', errorCode: null });
  } finally {
    phones.close();
    await http.close();
    await twilio.stop();
  }
  expect(connectPhones({ email: null, twilio: null }, http).channels).toEqual([]);
});
