import type { HttpClient } from '#activities/clients/http.ts';
import { createEmailChannel } from '#activities/clients/email-channel.ts';
import type { PagerChannel } from '#activities/clients/pager-channels.ts';
import { createSmsChannel, createVoiceChannel } from '#activities/clients/twilio-channels.ts';
import { createTwilioClient } from '#activities/clients/twilio-client.ts';
import { twilioReceipts } from '#activities/clients/twilio-receipts.ts';
import type { AskReceipt } from '#activities/clients/twilio-receipts.ts';
import type { Accounts } from './accounts.ts';

/** The ways to people's mailboxes and phones. */
export interface Phones {
  readonly channels: readonly PagerChannel[];
  readonly receipts: ReadonlyMap<string, AskReceipt>;
  close(): void;
}

/** Those of e-mail, text messages and calls for which there is an account. Nothing is contacted yet. */
export function connectPhones({ email, twilio }: Accounts, http: HttpClient): Phones {
  const mail = email === null ? null : createEmailChannel(email);
  const channels: PagerChannel[] = mail === null ? [] : [mail];
  let receipts: Phones['receipts'] = new Map();
  if (twilio !== null) {
    const { smsFrom, voiceFrom, publicUrl } = twilio;
    const client = createTwilioClient(twilio, http);
    if (smsFrom !== null) channels.push(createSmsChannel({ client, from: smsFrom, publicUrl }));
    if (voiceFrom !== null) channels.push(createVoiceChannel({ client, from: voiceFrom, publicUrl }));
    receipts = twilioReceipts(client);
  }
  return { channels, receipts, close: () => mail?.close() };
}
