import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a page's form sends back: which act, and the version of the escalation that the person had in view. */
export interface Confirmed {
  readonly version: number;
  /** One per form shown: a second tap on the same form is the same request. */
  readonly nonce: string;
}

export type LinkAct = 'acknowledge' | 'undo';

/**
 * Makes the hidden value of a form. It is bound to the link's token and the act, so only a page that Vigil showed for
 * this link has it: a request to the bare address, such as a scanner's, acts on nothing. Nothing is stored for it.
 */
export function confirmationOf(token: string, act: LinkAct, version: number): string {
  const nonce = randomBytes(9).toString('base64url');
  return `${version}.${nonce}.${sealOf(token, act, version, nonce)}`;
}

/** Reads such a value; null when it is not one of this link and act. */
export function readConfirmation(token: string, act: LinkAct, text: string): Confirmed | null {
  const [, digits = '', nonce = '', seal = ''] = /^(\d{1,9})\.([\w-]{12})\.([\w-]{22})$/.exec(text) ?? [];
  if (seal === '') return null;
  const version = Number(digits);
  const isOurs = timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(token, act, version, nonce)));
  return isOurs ? { version, nonce } : null;
}

/** 128 bits of HMAC-SHA-256, in 22 characters. */
function sealOf(token: string, act: LinkAct, version: number, nonce: string): string {
  const digest = createHmac('sha256', token).update(`${act}\n${version}\n${nonce}`).digest();
  return digest.subarray(0, 16).toString('base64url');
}
