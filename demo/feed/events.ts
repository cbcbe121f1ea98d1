import { dayMs, minuteMs, toIso } from '#domain/time.ts';
import type { CorpusItem } from './corpus.ts';
import { accountRefOf, hashDomain, maskAddresses, maskText } from './mask.ts';
import { eventIdOf } from './truth.ts';

/** One element of the body of `POST /v1/intake/events`. */
export interface ProductEventInput {
  /** The product's own key of the event: sending it again changes nothing. */
  readonly id: string;
  readonly kind: 'message_sent';
  readonly accountRef: string;
  /** RFC 3339, UTC. */
  readonly occurredAt: string;
  readonly attributes: { readonly [name: string]: string | number | boolean };
  readonly content: { readonly text: string } | null;
}

export interface FeedOptions {
  /** Milliseconds since the epoch. The last event happened at this moment, the first one 24 hours before. */
  readonly now: number;
  /** The product's salt: hashes of accounts and domains depend on it. */
  readonly salt: string;
}

/** The corpus covers a year with silent weeks; a longer pause than this would only spread the day over nothing. */
const longestGapMs = 30 * minuteMs;
/** For the few mails without a believable time: between the two parts of the corpus. */
const unknownReceivedAt = Date.UTC(2002, 6, 1);

/**
 * The mails as a day of traffic of the product "outreach assistant", oldest first.
 *
 * Order and rhythm are those in which the mails were received: pauses over half an hour are cut to half an hour and the
 * whole is scaled to 24 hours, so an account that sent many mails in a row does so here, and a velocity detector sees it.
 * Only masked text and hashes leave this function.
 */
export function buildEvents(items: readonly CorpusItem[], options: FeedOptions): readonly ProductEventInput[] {
  const ordered = items
    .map((item) => ({ item, at: item.receivedAt ?? unknownReceivedAt }))
    .sort((a, b) => a.at - b.at || a.item.index - b.item.index);

  let elapsed = 0;
  const offsets = ordered.map(({ at }, position) => {
    elapsed += position === 0 ? 0 : Math.min(at - (ordered[position - 1]?.at ?? at), longestGapMs);
    return elapsed;
  });
  const scale = elapsed === 0 ? 0 : dayMs / elapsed;

  return ordered.map(({ item }, position) => {
    const beforeEndMs = Math.round((elapsed - (offsets[position] ?? 0)) * scale);
    return buildEvent(item, options.now - beforeEndMs, options.salt);
  });
}

/** Cuts the events into bodies of the intake endpoint, in order. */
export function* batches(
  events: readonly ProductEventInput[],
  size: number,
): Generator<{ readonly events: readonly ProductEventInput[] }> {
  for (let start = 0; start < events.length; start += size) yield { events: events.slice(start, start + size) };
}

function buildEvent(item: CorpusItem, occurredAt: number, salt: string): ProductEventInput {
  const text = maskText(item.text).trim();
  const domainHash = hashDomain(item.senderDomain, salt);
  return {
    id: eventIdOf(item),
    kind: 'message_sent',
    accountRef: accountRefOf(item.senderDomain, salt),
    occurredAt: toIso(occurredAt),
    attributes: {
      domainHash,
      userAgent: item.userAgent === null ? '' : maskAddresses(item.userAgent),
      recipientCount: item.recipientCount,
      linkCount: item.linkCount,
      attachmentCount: item.attachmentCount,
      hasHtml: item.hasHtml,
      textLength: text.length,
      exclamationCount: text.match(/!/g)?.length ?? 0,
      uppercaseShare: uppercaseShare(text),
    },
    content: text === '' ? null : { text },
  };
}

/** Share of capital letters among all letters, 0 to 1, three decimals; 0 when there are no letters. */
function uppercaseShare(text: string): number {
  const upper = text.match(/\p{Lu}/gu)?.length ?? 0;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return letters === 0 ? 0 : Math.round((upper / letters) * 1000) / 1000;
}
