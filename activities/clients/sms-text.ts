import { wireTitle } from './pager-channels.ts';
import type { PageMessage } from './pager-channels.ts';

/** GSM 03.38: what a text message holds 160 of. Whatever else is in it makes it one of 70 characters of UCS-2. */
const gsmBasic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** These take two places each. */
const gsmExtended = '^{}\\[~]|€';
const gsm = new Set(gsmBasic + gsmExtended);
const twoPlaces = new Set(gsmExtended);

const onePart = 160;
/** Two parts of UCS-2: nobody is served by a title in his own script of which only the first words come through. */
const twoPartsOfUcs2 = 134;
/** Below this a title says nothing; a longer link then makes the message one of two parts. */
const leastTitle = 30;

/** The places that a text takes in a message; null when GSM 03.38 cannot write it. */
export function gsmLength(text: string): number | null {
  let length = 0;
  for (const char of text) {
    if (!gsm.has(char)) return null;
    length += twoPlaces.has(char) ? 2 : 1;
  }
  return length;
}

/**
 * The text message of a page: what it is about, how to answer it and where to look, in 160 characters of GSM 03.38
 * wherever the title can be written so. Accents and typographic signs that GSM lacks are written plainly; a title in
 * another script is sent in it, and takes up to two parts.
 */
export function smsText(message: PageMessage): string {
  const before = message.possibleDuplicate ? 'Again? ' : '';
  const { replyCode = null, ackUrl } = message;
  const answer = replyCode === null ? '' : ` Reply ${replyCode}a to acknowledge, ${replyCode}e to escalate`;
  const after = `${answer}${ackUrl === null ? '' : `${answer === '' ? '' : '.'} ${ackUrl}`}`;
  const title = plainly(wireTitle(message));
  const rest = gsmLength(before + after);
  const limit = gsmLength(title) === null || rest === null ? twoPartsOfUcs2 : onePart;
  const room = Math.max(leastTitle, limit - (rest ?? (before + after).length));
  const ended = answer === '' ? '' : '.';
  return `${before}${shortened(title, room - ended.length)}${ended}${after}`;
}

function shortened(title: string, room: number): string {
  const bare = title.replace(/\.+$/, '');
  if ((gsmLength(bare) ?? bare.length) <= room) return bare;
  const isGsm = gsmLength(bare) !== null;
  let short = '';
  let taken = 0;
  for (const char of bare) {
    taken += isGsm ? (gsmLength(char) ?? 1) : char.length;
    if (taken > room - 2) break;
    short += char;
  }
  return `${short.trimEnd()}..`;
}

const plain: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '‚': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '–': '-',
  '—': '-',
  '−': '-',
  '…': '...',
  '•': '*',
  '×': 'x',
  '→': '->',
  '\t': ' ',
  '\u00a0': ' ',
  '`': "'",
};

/** Writes what GSM lacks in what it has, where that says the same. */
function plainly(text: string): string {
  return Array.from(text, (char) => {
    if (gsm.has(char)) return char;
    const instead = plain[char] ?? char.normalize('NFKD').replace(/\p{M}+/gu, '');
    return gsmLength(instead) === null || instead === '' ? char : instead;
  }).join('');
}
