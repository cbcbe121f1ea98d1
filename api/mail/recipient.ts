/** Whom a mail is for: the key of an integration and, where a plus sign sets one apart, a tag. */
export interface Recipient {
  readonly key: string;
  readonly tag: string | null;
}

const keyShape = /^[0-9a-f]{32}$/;
const tagAtMost = 64;

/** Reads `<key>@domain`, `<key>+tag@domain` or `name+<key>@domain`; null for any other address, and any other domain. */
export function readRecipient(address: string, domains: readonly string[]): Recipient | null {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1).toLowerCase();
  if (at < 1 || !domains.some((one) => one.toLowerCase() === domain)) return null;
  const parts = address.slice(0, at).split('+');
  const index = parts.findIndex((part) => keyShape.test(part.toLowerCase()));
  const key = parts[index]?.toLowerCase();
  if (key === undefined) return null;
  const tag = parts.filter((part, place) => place !== index && part !== '').join('+');
  return { key, tag: tag === '' ? null : tag.slice(0, tagAtMost).toWellFormed() };
}
