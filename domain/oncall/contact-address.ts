import { checkTarget } from '../outgoing-target.ts';
import type { AllowList, ForbiddenReason } from '../outgoing-target.ts';
import type { Channel } from './notification-rules.ts';

/**
 * The channels whose addresses belong to somebody outside Vigil: a wrong one would page a stranger. They are used only
 * after whoever has the address typed back a code that was sent there. The others (webhook, push, console) go to what the
 * installation's own people set up and run.
 */
export const provenChannels = ['email', 'chat', 'sms', 'voice'] as const satisfies readonly Channel[];

export const needsProof = (channel: Channel): boolean => (provenChannels as readonly Channel[]).includes(channel);

/** Whether pages may go to it: it is not disabled, and it is proven where the channel asks for that. */
export const isUsable = (method: {
  readonly channel: string;
  readonly verifiedAt: Date | null;
  readonly disabledAt: Date | null;
}): boolean => method.disabledAt === null && (method.verifiedAt !== null || !needsProof(method.channel as Channel));

export type AddressProblem =
  | ForbiddenReason
  | 'not_e164'
  | 'not_email'
  | 'not_slack_id'
  | 'control_characters'
  | 'too_long';

/**
 * The one spelling of an address, so that the same phone is the same text wherever it is compared; or what is wrong with
 * it. A number for text messages and calls is E.164 (`+` and 7 to 15 digits; spaces, dashes, dots and brackets are left out), an e-mail
 * address is of the plain form of RFC 5321 in ASCII with its domain in lower case, one in a chat is the id that Slack gives a person or a channel, a
 * webhook is a URL that may be called.
 */
export function normalAddress(
  channel: Channel,
  text: string,
  allowList: AllowList,
): { readonly address: string } | { readonly problem: AddressProblem } {
  const trimmed = text.trim();
  if (/\p{Cc}/u.test(trimmed)) return { problem: 'control_characters' };
  if (channel === 'sms' || channel === 'voice') return e164(trimmed);
  if (channel === 'email') return email(trimmed);
  if (channel === 'chat')
    return /^[UWC][A-Z0-9]{5,20}$/.test(trimmed) ? { address: trimmed } : { problem: 'not_slack_id' };
  if (channel === 'webhook') {
    const target = checkTarget(trimmed, allowList);
    return typeof target === 'string' ? { problem: target } : { address: trimmed };
  }
  return trimmed.length > 200 ? { problem: 'too_long' } : { address: trimmed };
}

function e164(text: string): ReturnType<typeof normalAddress> {
  const digits = text.replace(/[ \-.()/\u00a0]/g, '').replace(/^00/, '+');
  return /^\+[1-9]\d{6,14}$/.test(digits) ? { address: digits } : { problem: 'not_e164' };
}

/** Dots inside only, no quotes, no comments: what people have, and nothing that a header could be smuggled in with. */
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domainPart = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function email(text: string): ReturnType<typeof normalAddress> {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = text.slice(at + 1).toLowerCase();
  const fits = at > 0 && local.length <= 64 && domain.length <= 253 && text.length <= 254;
  return fits && localPart.test(local) && domainPart.test(domain)
    ? { address: `${local}@${domain}` }
    : { problem: 'not_email' };
}

/** What to tell a person about an address that cannot be used. */
export const addressProblems: Readonly<Record<AddressProblem, string>> = {
  not_e164: 'must be an international number such as +44 7700 900123',
  not_email: 'must be an e-mail address such as ann@example.org',
  not_slack_id:
    "must be the id of a person or a channel in Slack, such as U012AB3CD: see the profile's menu, Copy member ID",
  control_characters: 'must not hold control characters',
  too_long: 'must have at most 200 characters',
  malformed_url: 'must be a URL',
  not_https: 'must be an https URL, or on the allow list of outgoing calls',
  credentials_in_url: 'must not hold a user name or password',
  address_not_public: 'must not point into the network of Vigil itself',
};
