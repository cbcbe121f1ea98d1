/** What a person answered to a text message. */
export type Reply =
  | {
      readonly kind: 'act';
      readonly act: 'acknowledge' | 'escalate';
      /** The number in the message; null when none was given. */
      readonly code: number | null;
    }
  | { readonly kind: 'stop' | 'help' | 'unknown' };

/** The words with which the carriers' rules let a person stop messages (CTIA, Twilio's default opt-out words). */
const stopWords: ReadonlySet<string> = new Set([
  'stop',
  'stopall',
  'unsubscribe',
  'cancel',
  'end',
  'quit',
  'optout',
  'revoke',
]);
const helpWords: ReadonlySet<string> = new Set(['help', 'info', '?']);

const acts: Readonly<Record<string, 'acknowledge' | 'escalate'>> = {
  a: 'acknowledge',
  ack: 'acknowledge',
  acknowledge: 'acknowledge',
  e: 'escalate',
  esc: 'escalate',
  escalate: 'escalate',
};

/**
 * Reads a reply: `12a`, `12 ack`, `a12`, `Ack 12`, `12e`; the word alone where only one page can be meant. Capitals, spaces
 * and signs around do not matter. Whatever else is in it makes it unknown: a sentence is not a decision.
 */
export function readReply(text: string): Reply {
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s.,!:;"'#-]+/g, '');
  if (stopWords.has(words)) return { kind: 'stop' };
  if (helpWords.has(words)) return { kind: 'help' };
  const [, before = '', word = '', after = ''] = /^(\d{0,4})([a-z]+)(\d{0,4})$/.exec(words) ?? [];
  const act = Object.hasOwn(acts, word) ? acts[word] : undefined;
  if (act === undefined || (before !== '' && after !== '')) return { kind: 'unknown' };
  const digits = before + after;
  return { kind: 'act', act, code: digits === '' ? null : Number(digits) };
}
