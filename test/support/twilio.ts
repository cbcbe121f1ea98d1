import type { AddressInfo } from 'node:net';
import { createHttpClient } from '#activities/clients/http.ts';
import { createSsrfGuard } from '#activities/clients/ssrf-guard.ts';
import { createSmsChannel, createVoiceChannel } from '#activities/clients/twilio-channels.ts';
import { createTwilioClient } from '#activities/clients/twilio-client.ts';
import { setFault } from '#demo/simulators/test-client.ts';
import { createTwilioSimulator, twilioSignature } from '#demo/simulators/twilio.ts';
import type { TwilioRecord } from '#demo/simulators/twilio.ts';

export const twilioAccount = {
  accountSid: `AC${'0'.repeat(32)}`,
  authToken: 'a-test-token-of-32-characters-00',
  smsFrom: '+15005550006',
  voiceFrom: '+15005550007',
};

export type TestTwilio = Awaited<ReturnType<typeof startTwilio>>;

/** Twilio's simulator on loopback, and the real channels that send through it. */
export async function startTwilio(publicUrl: string) {
  const { accountSid, authToken, smsFrom, voiceFrom } = twilioAccount;
  const app = createTwilioSimulator({ accountSid, authToken, smsUrl: `${publicUrl}/v1/providers/twilio/sms` });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const http = createHttpClient({ guard: createSsrfGuard({ allowList: [`127.0.0.1:${port}`] }) });
  const client = createTwilioClient({ accountSid, authToken, baseUrl: url }, http);

  async function ask<T>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  return {
    url,
    client,
    sms: createSmsChannel({ client, from: smsFrom, publicUrl }),
    voice: createVoiceChannel({ client, from: voiceFrom, publicUrl }),
    fault: (fault: Parameters<typeof setFault>[1]) => setFault(url, fault),
    script: (script: { to?: string; times?: number; rejectWith?: number; callbackFirst?: string }) =>
      ask('/script', script),
    async records<K extends TwilioRecord['type']>(type: K) {
      const { records } = (await (await fetch(`${url}/log`)).json()) as { records: (TwilioRecord & { at: string })[] };
      return records.filter((one): one is Extract<TwilioRecord, { type: K }> & { at: string } => one.type === type);
    },
    /** The network says what became of it. */
    settle: (sid: string, status: string, errorCode: number | null = null) =>
      ask<{ callback: number | null }>(`/simulate/${sid}/status`, { status, errorCode }),
    settleSilently: (sid: string, status: string) => ask(`/simulate/${sid}/silent-status`, { status, errorCode: null }),
    /** Somebody sends a text message; what comes back. */
    text: (from: string, body: string, sid?: string) =>
      ask<{ status: number; reply: string | null }>('/simulate/inbound', {
        from,
        to: smsFrom,
        body,
        ...(sid === undefined ? {} : { sid }),
      }),
    /** Somebody picks up. */
    answer: (sid: string, digits: string | null = null) =>
      ask<{ heard: string[]; callback: number | null }>(`/simulate/${sid}/answer`, { digits }),
    /** The signature that Twilio gives a request to that path of the API. */
    sign: (path: string, form: Readonly<Record<string, string>>) =>
      twilioSignature(authToken, `${publicUrl}${path}`, form),
    async stop() {
      await http.close();
      await app.close();
    },
  };
}
