import type { Severity } from '../severity.ts';
import { worse } from '../severity.ts';
import { captured } from './capture.ts';
import type { SourceReport } from './report.ts';
import { valueIn } from './sender-severity.ts';
import type { SeverityTable } from './sender-severity.ts';
import { cut, fittingKey, labelsOf, titleLimit } from './sender-values.ts';
import type { Reading } from './sender-values.ts';

/** A mail as it was sent to an integration: its headers decoded, and of its content the plain text alone. */
export interface Mail {
  /** The address that the server which sent it gave; null for the empty one, which only bounces have. */
  readonly envelopeFrom: string | null;
  readonly from: string | null;
  readonly subject: string;
  /** With its angle brackets; null when it has none. */
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  /** The mails of its thread, the oldest first. */
  readonly references: readonly string[];
  readonly text: string | null;
  /** What a plus sign set apart in the address that it was sent to. */
  readonly tag: string | null;
  /** By lower-case name; of a header that comes twice, the first. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How mails of an integration are read. */
export interface MailRules {
  /**
   * What makes mails one: the subject without what only says how it stands, the thread, or the parts that a pattern takes
   * out of the subject. What is not of a thread, or does not fit the pattern, goes by its subject.
   */
  readonly identity: 'subject' | 'thread' | 'pattern';
  /** `*` stands for any text, `(*)` for text that is part of the key. */
  readonly pattern: string | null;
  /** Status words of a subject that say that it is over, in lower case. */
  readonly resolveWords: readonly string[];
  /** Status words that say nothing but that it fires: they are no part of what it is about. */
  readonly triggerWords: readonly string[];
}

export const usualMailRules: MailRules = {
  identity: 'subject',
  pattern: null,
  resolveWords: ['resolved', 'recovered', 'recovery', 'cleared', 'closed', 'ok'],
  triggerWords: ['alert', 'alarm', 'problem', 'firing', 'triggered', 'new', 'down'],
};

/** Why a mail is no alert: answering it would page people for machines that talk to each other. */
export type NoAlert = 'bounce' | 'automatic_reply' | 'bulk';

/**
 * Null for a mail that may be an alert. `Auto-Submitted: auto-generated` may be one: cron and monitoring say so of what
 * they send, and only replies of machines say `auto-replied`.
 */
export function whyNoAlert({ envelopeFrom, headers }: Pick<Mail, 'envelopeFrom' | 'headers'>): NoAlert | null {
  const word = (name: string): string => (headers[name] ?? '').trim().toLowerCase();
  if (envelopeFrom === null || envelopeFrom === '' || word('content-type').startsWith('multipart/report'))
    return 'bounce';
  const submitted = word('auto-submitted').split(/[;\s]/)[0] ?? '';
  const isReply = submitted !== '' && submitted !== 'no' && submitted !== 'auto-generated';
  if (isReply || word('x-autoreply') !== '' || word('x-autorespond') !== '') return 'automatic_reply';
  const precedence = word('precedence');
  if (precedence === 'auto_reply') return 'automatic_reply';
  return precedence === 'bulk' || precedence === 'junk' ? 'bulk' : null;
}

/** A mail in the words of Vigil. Never fails: what no rule knows is an alert of the usual severity. */
export function readMail(mail: Mail, rules: MailRules, severities: SeverityTable, reading: Reading): SourceReport {
  const subject = readSubject(mail.subject, rules, severities);
  const common = { dedupKey: keyOf(mail, subject, rules, reading), labels: mailLabels(mail) };
  if (subject.isOver) return { ...common, action: 'resolve', group: null };
  return {
    ...common,
    action: 'trigger',
    severity: subject.severity ?? severities.fallback,
    title: cut(oneLine(mail.subject), titleLimit) || 'A mail without a subject',
    details: {
      from: mail.from,
      messageId: mail.messageId,
      text: mail.text === null ? null : cut(mail.text.trim(), textKept),
    },
    group: null,
  };
}

const textKept = 4_000;

interface Subject {
  /** What it is about: without prefixes of replies, and without status words. */
  readonly about: string;
  readonly isOver: boolean;
  readonly severity: Severity | null;
}

/** Status words that may stand anywhere in a subject: they mean nothing else. */
const loudWords = ['critical', 'emergency', 'fatal', 'p1', 'p2', 'p3', 'p4', 'p5', 'sev1', 'sev2', 'sev3', 'sev4'];
const severitiesBySev: Readonly<Record<string, Severity>> = { sev1: 1, sev2: 2, sev3: 3, sev4: 4 };

/** Prefixes of replies and forwards, in the languages of common mail programs. */
const replyPrefix = /^(?:(?:re|fwd?|aw|wg|sv|vs|tr|rv|antw|odp)(?:\[\d+\])?\s*:\s*)+/i;
const tags = /\[([^[\]]{1,60})\]/g;
const firstWord = /^[^\p{L}\p{N}[]*([\p{L}\p{N}_-]+)/u;

function readSubject(text: string, rules: MailRules, severities: SeverityTable): Subject {
  const levels: Severity[] = [];
  let isOver = false;
  /** True for a status word, which is noted. */
  const note = (said: string, isBare: boolean): boolean => {
    const word = said.trim().toLowerCase();
    const ends = rules.resolveWords.includes(word);
    if (ends && isBare && word.length < bareEndLength) return false;
    const level = valueIn(severities.values, word) ?? severitiesBySev[word] ?? null;
    if (ends) isOver = true;
    else if (level !== null) levels.push(level);
    return ends || level !== null || rules.triggerWords.includes(word);
  };
  let rest = oneLine(text)
    .replace(replyPrefix, '')
    .replace(tags, (tag, inner: string) => (note(inner, false) ? ' ' : tag))
    .trim();
  for (let words = 0; words < leadingWords; words++) {
    const [lead = '', word = ''] = firstWord.exec(rest) ?? [];
    const after = rest.slice(lead.length);
    // "Critical path is late" is about a path: a word is a status word where a sign ends it, or all of it is in capitals.
    const isEnded = /^\s*(?:[:|*–—-]|$)/.test(after);
    if (lead === '' || !(isEnded || isShouted(word)) || !note(word, !isEnded)) break;
    rest = after.replace(/^[\s:|*–—-]+/, '');
  }
  for (const word of rest.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    if (loudWords.includes(word)) levels.push(valueIn(severities.values, word) ?? severitiesBySev[word] ?? 1);
  }
  const severity = levels.length === 0 ? null : levels.reduce(worse);
  const about = rest.replaceAll(/\s+/g, ' ').trim().toLowerCase();
  return { about, isOver, severity };
}

/** Status words that may stand before what it is about: `** PROBLEM CRITICAL: …`. */
const leadingWords = 3;
/**
 * A shorter word ends nothing by its capitals alone: "UP FOR RENEWAL" is no end, and an alert that is taken for one is lost.
 */
const bareEndLength = 8;
const isShouted = (word: string): boolean => word.length > 1 && word === word.toUpperCase() && /\p{Lu}/u.test(word);

function keyOf(mail: Mail, subject: Subject, rules: MailRules, reading: Reading): string {
  if (rules.identity === 'thread') {
    const root = mail.references[0] ?? mail.inReplyTo ?? mail.messageId;
    if (root !== null) return `thread:${reading.sha256Hex(root)}`;
  }
  if (rules.identity === 'pattern' && rules.pattern !== null) {
    const parts = captured(rules.pattern, oneLine(mail.subject).replace(replyPrefix, ''));
    if (parts !== null) return fittingKey(`subject:${parts.map((part) => part.trim()).join(':')}`, reading);
  }
  return `subject:${reading.sha256Hex(subject.about)}`;
}

function mailLabels({ from, subject, tag }: Mail): Record<string, string> {
  const domain = from?.split('@').at(-1)?.toLowerCase();
  return labelsOf({ from: from?.toLowerCase(), fromDomain: domain, subject: oneLine(subject), tag });
}

const oneLine = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/[\s\u0000-\u001f\u007f]+/g, ' ').trim();

/**
 * What makes two deliveries one mail: its Message-ID, or without one all that it is. A server that got no answer sends the
 * same mail again.
 */
export const mailIdentity = (mail: Mail, { sha256Hex }: Pick<Reading, 'sha256Hex'>): string =>
  sha256Hex(
    mail.messageId ?? JSON.stringify([mail.from, mail.subject, mail.headers['date'] ?? null, mail.tag, mail.text]),
  );
