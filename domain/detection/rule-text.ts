/** Scripts written without spaces: each of their characters counts as a word, so that phrases are found in running text. */
const unspacedCharacter =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;
const invisible = /\p{Cf}/gu;
const betweenWords = /[^\p{L}\p{N}\p{M}]+/gu;

/** One form for everything that is compared ignoring case: full-width letters and ligatures folded, invisible characters removed. */
export const fold = (text: string): string => text.normalize('NFKC').toLowerCase().replace(invisible, '');

/**
 * Text as words with one space before, between and after: `' free money '`. Text and the words sought go through the
 * same function, so case, punctuation, full-width letters and zero-width characters inside a word cannot hide it.
 * Look-alike letters of other scripts are not folded.
 */
export function toWords(text: string): string {
  const words = fold(text).replace(unspacedCharacter, ' $& ').replace(betweenWords, ' ').trim();
  return words === '' ? '' : ` ${words} `;
}

/** True when a sought word or phrase, made by `toWords`, stands in the text as whole words. */
export const hasWord = (text: string, sought: string): boolean => sought !== '' && text.includes(sought);

/** How often it stands there, counted up to `most`. Occurrences do not share words. */
export function countWord(text: string, sought: string, most: number): number {
  if (sought === '') return 0;
  let count = 0;
  // Neighbours share the space between them, hence one character less.
  for (let at = text.indexOf(sought); at !== -1 && count < most; at = text.indexOf(sought, at + sought.length - 1))
    count++;
  return count;
}
