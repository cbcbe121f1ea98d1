import { readTwilioStatus } from '#domain/oncall/twilio-status.ts';
import type { ProviderReceipt } from '#domain/oncall/twilio-status.ts';
import type { TwilioClient } from './twilio-client.ts';

/** Asks a provider what became of a page, by its name there. Null: it is still on its way. Fails when it got no answer. */
export type AskReceipt = (providerRef: string) => Promise<ProviderReceipt | null>;

/** What Twilio knows of text messages and calls, by channel. */
export const twilioReceipts = (client: TwilioClient): ReadonlyMap<string, AskReceipt> =>
  new Map<string, AskReceipt>([
    [
      'sms',
      async (sid) => {
        const { status, errorCode } = await client.messages(sid).fetch();
        return readTwilioStatus(status, errorCode ?? null);
      },
    ],
    ['voice', async (sid) => readTwilioStatus((await client.calls(sid).fetch()).status, null)],
  ]);
