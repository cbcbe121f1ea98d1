import PostalMime from 'postal-mime';
import type { Address, Email } from 'postal-mime';

/** What the product's traffic is made from: one mail, reduced to what the demo uses. */
export interface Mail {
  /** Subject and body as plain text, at most `maxTextLength` characters. Not masked: it never leaves the feed like this. */
  readonly text: string;
  readonly senderDomain: string;
  /** When the collector's own server took the mail; null when no header says so believably. */
  readonly receivedAt: number | null;
  readonly userAgent: string | null;
  readonly recipientCount: number;
  readonly linkCount: number;
  readonly attachmentCount: number;
  readonly hasHtml: boolean;
}

const maxTextLength = 16_000;
/** `.invalid` is reserved (RFC 2606), so that no real domain can be meant. */
const unknownDomain = 'unknown.invalid';
/** Senders forge dates; outside the years in which the corpus was collected a date says nothing. */
const earliestAt = Date.UTC(2000, 0, 1);
const latestAt = Date.UTC(2007, 0, 1);

/** Reads one raw mail. Never fails on a malformed one: what cannot be read is null, empty or zero. */
export async function parseMail(raw: Uint8Array): Promise<Mail> {
  const mail = await PostalMime.parse(raw);
  const body = mail.text?.trim() ? mail.text : htmlToText(mail.html ?? '');
  return {
    text: `${mail.subject ?? ''}\n${body}`.trim().slice(0, maxTextLength),
    senderDomain: senderDomain(mail),
    receivedAt: receivedAt(mail),
    userAgent: (header(mail, 'user-agent') ?? header(mail, 'x-mailer'))?.trim().slice(0, 200) || null,
    recipientCount: countRecipients([...(mail.to ?? []), ...(mail.cc ?? []), ...(mail.bcc ?? [])]),
    linkCount: (mail.html ?? body).match(/https?:\/\//gi)?.length ?? 0,
    attachmentCount: mail.attachments.length,
    hasHtml: mail.html !== undefined && mail.html !== '',
  };
}

function header(mail: Email, key: string): string | undefined {
  return mail.headers.find((candidate) => candidate.key === key)?.value;
}

function senderDomain(mail: Email): string {
  for (const address of [mail.from?.address, mail.sender?.address, mail.returnPath, mail.replyTo?.[0]?.address]) {
    const domain = address?.slice(address.lastIndexOf('@') + 1).toLowerCase();
    if (address?.includes('@') && domain && /^[a-z0-9.-]+$/.test(domain)) return domain;
  }
  return unknownDomain;
}

/** The outermost `Received` header was written by the collector's server; the sender wrote `Date` and may lie. */
function receivedAt(mail: Email): number | null {
  const received = header(mail, 'received');
  for (const text of [received?.slice(received.lastIndexOf(';') + 1), mail.date]) {
    const at = Date.parse(text ?? '');
    if (at >= earliestAt && at < latestAt) return at;
  }
  return null;
}

function countRecipients(addresses: readonly Address[]): number {
  return addresses.reduce((count, address) => count + (address.group?.length ?? 1), 0);
}

const namedEntities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Good enough to feed a word counter: drops styles, scripts and tags, decodes the common entities. */
export function htmlToText(html: string): string {
  return html
    .replaceAll(/<(style|script)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ')
    .replaceAll(/<!--[\s\S]*?(-->|$)/g, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => decodeEntity(name) ?? whole)
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}

function decodeEntity(name: string): string | undefined {
  if (!name.startsWith('#')) return namedEntities[name.toLowerCase()];
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}
