import twilio from 'twilio';
import { OutgoingError } from './outgoing-error.ts';
import { wireTitle } from './pager-channels.ts';
import type { PageMessage, PagerChannel, SendOutcome } from './pager-channels.ts';
import { smsText } from './sms-text.ts';
import { TwilioGarbage, TwilioRefusal } from './twilio-client.ts';
import type { TwilioClient } from './twilio-client.ts';

export interface TwilioChannelOptions {
  readonly client: TwilioClient;
  /** An E.164 number; for text messages also the `MG…` id of a messaging service. */
  readonly from: string;
  /** Where Twilio reaches the API: its receipts, replies and key presses come there. */
  readonly publicUrl: string;
}

/** The paths of the API that Twilio calls back. */
export const twilioPaths = {
  status: (deliveryId: string) => `/v1/providers/twilio/status/${deliveryId}`,
  keys: (deliveryId: string) => `/v1/providers/twilio/voice/${deliveryId}`,
};

/** How long a phone rings, seconds: a mailbox that answers after six rings has not been reached by then. */
const ringSeconds = 25;

/**
 * Pages by text message. `sent` once Twilio has queued it, under its SID; what became of it comes as a receipt.
 *
 * Twilio knows no idempotency key: a call whose answer was lost is `unknown` and not repeated, and one that a crash makes
 * Vigil repeat says that it may be a second one.
 */
export function createSmsChannel({ client, from, publicUrl }: TwilioChannelOptions): PagerChannel {
  const sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from };
  return {
    name: 'sms',
    provider: () => 'twilio',
    takesReplies: true,
    send: (message) =>
      outcomeOf(() =>
        client.messages.create({
          ...sender,
          to: message.address,
          body: smsText(message),
          statusCallback: under(publicUrl, twilioPaths.status(message.deliveryId)),
          // A page that waits longer than this in a queue wakes nobody in time; the ladder has gone on.
          validityPeriod: 600,
        }),
      ),
  };
}

/**
 * Pages by a call: says what it is about, and a key acknowledges or escalates. `sent` once Twilio has queued the call; a
 * receipt says whether it was answered. What is said goes along with the call, so that an API which is away when somebody
 * picks up costs the keys and not the page.
 */
export function createVoiceChannel({ client, from, publicUrl }: TwilioChannelOptions): PagerChannel {
  return {
    name: 'voice',
    provider: () => 'twilio',
    // A link cannot be heard.
    carriesLink: false,
    send: (message) =>
      outcomeOf(() =>
        client.calls.create({
          from,
          to: message.address,
          timeout: ringSeconds,
          statusCallback: under(publicUrl, twilioPaths.status(message.deliveryId)),
          twiml: spoken(message, under(publicUrl, twilioPaths.keys(message.deliveryId))),
        }),
      ),
  };
}

const under = (publicUrl: string, path: string): string => `${publicUrl.replace(/\/+$/, '')}${path}`;

/** Said twice: whoever is woken by it hears the first half of the first time. */
function spoken(message: PageMessage, keysUrl: string): string {
  const isPage = message.kind === 'page' || message.kind === 'drill';
  // Digits one by one: a code is written down while it is heard.
  const title = wireTitle(message).replace(/\b\d{6}\b/, (code) => Array.from(code).join(', '));
  const again = message.possibleDuplicate ? ' You may have been called for this before.' : '';
  const response = new twilio.twiml.VoiceResponse();
  for (const greeting of ['This is Vigil. ', '']) {
    const place = isPage ? response.gather({ numDigits: 1, timeout: 6, action: keysUrl, method: 'POST' }) : response;
    place.say(`${greeting}${title}.${again}${isPage ? ' Press 4 to acknowledge, 6 to escalate.' : ''}`);
    if (!isPage) response.pause({ length: 1 });
  }
  response.say('Goodbye.');
  return response.toString();
}

async function outcomeOf(request: () => Promise<{ readonly sid: string }>): Promise<SendOutcome> {
  try {
    const { sid } = await request();
    return { outcome: 'sent', providerRef: sid };
  } catch (error) {
    if (error instanceof TwilioGarbage) return { outcome: 'unknown' };
    if (error instanceof TwilioRefusal) return refusalOutcome(error);
    if (error instanceof OutgoingError) return lostOutcome(error);
    throw error;
  }
}

/** With a status Twilio said no, and nothing was queued: 408, 429 and 5xx for now, all others for this address for good. */
function refusalOutcome({ status, code, retryAfterMs }: TwilioRefusal): SendOutcome {
  if (status === 408 || status === 429 || status >= 500) return { outcome: 'failed_transient', retryAfterMs };
  return { outcome: 'failed_permanent', code: code === null ? `http_${status}` : `twilio_${code}` };
}

function lostOutcome({ failure }: OutgoingError): SendOutcome {
  if (failure.kind === 'permanent') return { outcome: 'failed_permanent', code: failure.reason };
  if (failure.kind === 'garbage' || failure.mayHaveArrived) return { outcome: 'unknown' };
  return { outcome: 'failed_transient', retryAfterMs: failure.retryAfterMs };
}
