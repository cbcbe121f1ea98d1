import type { Severity } from '#domain/severity.ts';

/** One page, or one notice of on-call life, to one contact method of one person. */
export interface PageMessage {
  /** The id of the ledger row that was written before: the idempotency key of the call. */
  readonly deliveryId: string;
  /** Null for a notice, which is about a schedule. */
  readonly escalationId: string | null;
  /**
   * `resolved` tells someone who was paged that it is over; `handoff`, that they come on call; `swap`, what became of an
   * exchange of shifts; `verification` holds the code that proves a contact method, and `test` shows that it works.
   */
  readonly kind: 'page' | 'drill' | 'resolved' | 'handoff' | 'swap' | 'verification' | 'test';
  /** As the source of the alert wrote it. Channels send `wireTitle`, never this. */
  readonly title: string;
  /** True when the escalation is about sensitive harm: then nothing of its title leaves Vigil. */
  readonly isSensitive: boolean;
  readonly severity: Severity;
  /** A link that acknowledges: a secret of this person. Null when the API has no public address. */
  readonly ackUrl: string | null;
  /** True when an earlier attempt of this delivery may have reached the person. */
  readonly possibleDuplicate: boolean;
  /** The contact method's address, such as a URL. */
  readonly address: string;
  /** Counts from 1, the default: a retry is paid for out of the provider's budget. */
  readonly attempt?: number;
  /** The number with which a text message is answered: `12a` acknowledges, `12e` escalates. None where no answer is taken. */
  readonly replyCode?: number | null;
  /** How many other open escalations of the person the message stands for: `wireTitle` says so. None by default. */
  readonly others?: number;
  /** Where all of them are listed. */
  readonly listUrl?: string | null;
}

/**
 * What is known about a page after one attempt.
 *
 * - `sent`: taken by whoever delivers it. `delivered`: the receiving end itself confirmed it.
 * - `unknown`: it may have arrived. A repeat is marked as a possible duplicate.
 * - `failed_transient`: it did not arrive; a repeat may work. `retryAfterMs` is what the receiver asked for. With `refused`
 *   the call never left: the provider's circuit is open, its retry budget spent, or its places taken.
 * - `failed_permanent`: this contact method does not work, so the person's next one is due now. `code` is short and enumerated.
 */
export type SendOutcome =
  | {
      readonly outcome: 'sent' | 'delivered' | 'unknown';
      /** What the provider calls the message: its receipts, replies and changes come under this name. */
      readonly providerRef?: string;
    }
  | {
      readonly outcome: 'failed_transient';
      readonly retryAfterMs: number | null;
      readonly refused?: 'circuit_open' | 'retry_budget_spent' | 'busy';
    }
  | { readonly outcome: 'failed_permanent'; readonly code: string };

/** A way to reach people. An attempt is one attempt: repeating, and falling back to another channel, is the ladder's. */
export interface PagerChannel {
  readonly name: string;
  /** False where anybody may read along: then no link is made. Default true. */
  readonly carriesLink?: boolean;
  /** True where people answer with a number in the message. Default false. */
  readonly takesReplies?: boolean;
  /** Who is called for an address, where that is not the same for all: what fails for one is not held against another. */
  provider?(address: string): string;
  /** Rejects only when `signal` cancels it or the code is wrong: every failure of the channel is an outcome. */
  send(message: PageMessage, signal?: AbortSignal): Promise<SendOutcome>;
}

const longestTitle = 200;

/**
 * The title that may leave Vigil: on one line, at most 200 characters, marked when it is a drill. For sensitive harm it
 * says only that there is something, because a page is read on a lock screen, by anyone. That it stands for others comes
 * first, where no channel cuts it off.
 */
export function wireTitle(
  message: Pick<PageMessage, 'title' | 'isSensitive' | 'severity' | 'kind' | 'others'>,
): string {
  const title = message.isSensitive
    ? `Severity ${message.severity} escalation about sensitive harm: open Vigil to read it`
    : onOneLine(message.title) || `Severity ${message.severity} escalation`;
  const prefix = {
    page: '',
    drill: 'Drill: ',
    resolved: 'Resolved: ',
    handoff: '',
    swap: '',
    verification: '',
    test: 'Test: ',
  }[message.kind];
  return `${message.others ? `(and ${message.others} more) ` : ''}${prefix}${title}`;
}

function onOneLine(text: string): string {
  // What no XML may hold would make Twilio refuse the whole call.
  const line = text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}]+/gu, ' ');
  return Array.from(line.trim()).slice(0, longestTitle).join('');
}
