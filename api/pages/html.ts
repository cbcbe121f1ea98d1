/** Markup that is safe to send: made by `html` only. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | null | false | readonly Part[];

/**
 * Builds markup from a template. Whatever is put in is escaped, unless it is markup already: no text can open a tag,
 * close an attribute's quotes or begin a character reference, in an element's text as well as in a quoted attribute.
 *
 * Not for script, style, or attributes without quotes: there other rules hold. Null and false put in nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < parts.length ? render(parts[index] ?? null) : '')).join(''),
  );
}

function render(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return part.map(render).join('');
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (character) => references[character] ?? '');

/**
 * What others wrote, as one line to be read by people: without control and direction characters, which could make it
 * look like something else, and cut to a length that a small screen holds.
 */
export function plainLine(text: string, longest = 300): string {
  const line = text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
  const characters = Array.from(line.trim());
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}
