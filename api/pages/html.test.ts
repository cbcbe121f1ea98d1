import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, plainLine } from './html.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '`',
        '&',
        '&lt;',
        '</p>',
        '<script>',
        '-->',
        ']]>',
        '=',
        '/',
        '\u0000',
        '\n',
        'a',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

/** What a parser makes of escaped text. */
const decoded = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39|#96);/g, (_all, name: string) => {
    const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' };
    return characters[name] ?? '';
  });

describe('html', () => {
  it('lets no text break out of an element or of a quoted attribute', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { text: markup } = html`<p title="${text}">${text}</p>`;
        const [, attribute = '', content = ''] = /^<p title="([^"]*)">([^]*)<\/p>$/.exec(markup) ?? [];
        for (const part of [attribute, content]) {
          expect(part).not.toMatch(/[<>"'`]/);
          // Every ampersand begins one of our own references: nothing is read twice.
          expect(part.replace(/&(amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&');
          expect(decoded(part)).toBe(text);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps its own markup as it is, and nothing else', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`${inner}${[inner, 'x<']}${null}${false}${7}`.text).toBe('<b>&lt;i&gt;</b><b>&lt;i&gt;</b>x&lt;7');
    const forged = { text: '<script>', toString: () => '<script>' };
    expect(() => html`${forged as unknown as string}`.text).toThrow();
  });
});

describe('plainLine', () => {
  it('is one line without anything that could disguise it', () => {
    expect(plainLine(' a\u0000b\r\nc\u202Egpj.exe\u2066\uD800 ')).toBe('a b c gpj.exe \uFFFD');
    expect(plainLine('😀'.repeat(400), 10)).toBe(`${'😀'.repeat(9)}…`);
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainLine(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
        expect(Array.from(plainLine(text)).length).toBeLessThanOrEqual(300);
      }),
    );
  });
});
