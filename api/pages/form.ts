import { VigilError } from '#domain/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads what a form sends (`application/x-www-form-urlencoded`): each field once, in valid UTF-8, without NUL.
 * Fails with `request.unreadable`.
 */
export function parseForm(body: Buffer): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  let text: string;
  try {
    text = decoder.decode(body);
    // URLSearchParams would put replacement characters where the escapes are not UTF-8.
    decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new VigilError('request.unreadable', {}, { cause });
  }
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name) || name === '__proto__' || `${name}${value}`.includes('\u0000'))
      throw new VigilError('request.unreadable');
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}
