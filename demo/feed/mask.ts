import { hash } from 'node:crypto';

/** Longest text an event carries, in characters: the middle mail has 800, nine in ten have under 4,000. */
export const maxContentLength = 4_000;

/** Bounds the work on one text, whatever comes in. Longer than any text that is kept. */
const maxInputLength = 64_000;

/** `@` as it is written in mails and links: plain, full width, small, percent-encoded, as an entity. */
const atSign = /[@\uFF20\uFE6B]|%40|&#0*64;|&#x0*40;|&commat;/giu;
/** `name @ host.example`: blanks beside the sign, and a host that ends in letters, so that `5 @ 3.50` stays. */
const spacedAddress =
  /[^\s@]{1,64}(?:\s{1,3}@\s{0,3}|@\s{1,3})[\p{L}\p{N}_-]{1,63}(?:\.[\p{L}\p{N}_-]{1,63}){0,8}\.\p{L}{2,63}/gu;
/** Seven or more digits on one line, also with blanks and separators between them: phone, card and account numbers. */
const longNumber = /\+?\(?\d(?:[^\S\n]?[().\-/]?[^\S\n]?\d){6,}/gu;
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u0008\u000B-\u001F\u007F]/gu;
const loneSurrogates = /\p{Surrogate}/gu;

/**
 * Takes out of a text what may point to a person: mail addresses (also spaced or encoded ones) become `[address]`,
 * phone-like and other numbers of seven digits and more become `[number]`.
 *
 * What holds afterwards: an at sign stands alone between blanks or is not there; no run of seven digits is left; no
 * control character but tab and line feed, and no lone surrogate; at most `maxContentLength` characters. Addresses in
 * words ("name at host dot example") and names of people stay: the corpus is public, and a mask that guesses would hide
 * abuse as well.
 */
export function maskText(text: string): string {
  return maskAddresses(text)
    .replaceAll(longNumber, '[number]')
    .slice(0, maxContentLength)
    .replaceAll(loneSurrogates, '');
}

/** Like `maskText`, but leaves numbers: for user agents, whose version numbers look like phone numbers. */
export function maskAddresses(text: string): string {
  return text
    .slice(0, maxInputLength)
    .replaceAll(loneSurrogates, '')
    .replaceAll(controlCharacters, '')
    .replaceAll(atSign, '@')
    .replaceAll(spacedAddress, '[address]')
    .replaceAll(/\S+/gu, (word) => (word !== '@' && word.includes('@') ? maskWord(word) : word));
}

/** Brackets, quotes and commas around an address stay. Splitting keeps this linear for any input. */
function maskWord(word: string): string {
  return word
    .split(/([<>()"',;])/)
    .map((part) => (part.includes('@') ? '[address]' : part))
    .join('');
}

/**
 * A domain as the product stores it: SHA-256 with the product's salt, the first 16 hex digits.
 *
 * Equal domains give equal hashes under one salt, so lists hashed with the same salt can be matched. 64 bits make a
 * chance match within 130,000 domains less likely than one in a billion.
 */
export function hashDomain(domain: string, salt: string): string {
  return hash('sha256', `${salt}\0${domain.toLowerCase()}`, 'hex').slice(0, 16);
}

/** The account of a sender: all mail from one domain is one account of the made-up product. */
export function accountRefOf(domain: string, salt: string): string {
  return `acct_${hashDomain(domain, salt)}`;
}
