import PostalMime from 'postal-mime';
import type { Address, Email } from 'postal-mime';
import type { Mail } from '#domain/intake/mail.ts';

/** Far more than a mail of people or machines has, and little enough that none can make reading it expensive. */
const limits = { maxNestingDepth: 20, maxHeadersSize: 256 * 1_024, maxRfc822NestingDepth: 0 } as const;

/**
 * Reads a mail as it came over the wire. Texts are made such that Postgres takes them. Fails when its parts are nested too
 * deep or its headers are too large.
 */
export async function parseMail(raw: Uint8Array, envelopeFrom: string): Promise<Omit<Mail, 'tag'>> {
  const email = await PostalMime.parse(raw, limits);
  return {
    envelopeFrom: storable(envelopeFrom),
    from: storable(addressOf(email.from)),
    subject: storable(email.subject) ?? '',
    messageId: storable(email.messageId),
    inReplyTo: storable(email.inReplyTo),
    references: (storable(email.references) ?? '').split(/\s+/).filter((id) => id !== ''),
    text: storable(email.text),
    headers: headersOf(email),
  };
}

const addressOf = (from: Address | undefined): string | undefined =>
  from?.group === undefined ? from?.address : from.group[0]?.address;

function headersOf({ headers }: Email): Record<string, string> {
  const first = new Map<string, string>();
  for (const { key, value } of headers) if (!first.has(key)) first.set(key, storable(value) ?? '');
  return Object.fromEntries(first);
}

/** Without what Postgres refuses: NUL and half characters. Null for nothing. */
function storable(text: string | undefined): string | null {
  const kept = (text ?? '').replaceAll('\u0000', '').toWellFormed().trim();
  return kept === '' ? null : kept;
}
