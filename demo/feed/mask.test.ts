import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountRefOf, hashDomain, maskAddresses, maskText, maxContentLength } from './mask.ts';

/** Written differently from the mask on purpose: what a person would recognise as an address. */
const looksLikeAddress = /[\p{L}\p{N}._%+-]+\s?[@\uFF20\uFE6B]\s?[\p{L}\p{N}-]+\.[\p{L}]{2,}/u;

const at = fc.constantFrom('@', '%40', '&#64;', '&#x40;', '\uFF20', ' @ ', '@ ');
const around = fc.constantFrom(' ', '\n', '<', '>', '"', ',', ';', '(', '[', 'mailto:', 'x', '=', '\u0000', '\t', '');

describe('maskText', () => {
  it.each([
    ['write to jane.doe+x@mail.example.org now', 'write to [address] now'],
    ['"Jane" <jane@host.example>, ok', '"Jane" <[address]>, ok'],
    ['jane @ host.example', '[address]'],
    ['http://host.example/u?e=jane%40host.example&a=1', '[address]'],
    ['5 @ $10 each, 6 @ 3.50', '5 @ $10 each, 6 @ 3.50'],
    ['call +1 (555) 010-9999 today', 'call [number] today'],
    ['555.010.9999', '[number]'],
    ['card 4111111111111111.', 'card [number].'],
    ['in 2002 we paid 123456 for 12 of 100', 'in 2002 we paid 123456 for 12 of 100'],
    ['a\u0000b\uD800c\u{1F600}', 'abc\u{1F600}'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it('leaves no address, however it is written and wherever it stands', () => {
    const address = fc.tuple(fc.emailAddress(), at).map(([plain, sign]) => plain.replace('@', sign));
    const text = fc.array(fc.tuple(fc.string({ unit: 'binary' }), around, address, around), { maxLength: 6 });
    fc.assert(
      fc.property(text, (parts) => {
        const masked = maskText(parts.flat().join(''));
        expect(masked).not.toMatch(looksLikeAddress);
        expect(masked.split(/\s+/).filter((word) => word !== '@' && word.includes('@'))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves no long number, no NUL, no lone surrogate and no more than the limit; masking again changes nothing', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6_000 }),
      fc.stringMatching(/^[0-9 ().+-]{0,60}$/),
      fc
        .array(fc.constantFrom('\uD83D', '\uDE00', '\u{1F600}', 'a', '1', '@'), { size: 'max', maxLength: 9_000 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const masked = maskText(input);
        expect(masked).not.toMatch(/\d{7}/);
        expect(masked).not.toContain('\0');
        expect(masked.isWellFormed()).toBe(true);
        expect(masked.length).toBeLessThanOrEqual(maxContentLength);
        if (masked.length < maxContentLength - 1) expect(maskText(masked)).toBe(masked);
      }),
    );
  });

  it('takes time in proportion to the text, also for text made to be slow', () => {
    const startedAt = performance.now();
    for (const unit of ['a', '@', 'a.', '1 ', 'a@', ' @', '(', '&#6']) maskText(unit.repeat(100_000));
    // Quadratic work on 64,000 characters takes minutes; this takes milliseconds.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('maskAddresses', () => {
  it('leaves version numbers of user agents', () => {
    expect(maskAddresses('Outlook IMO, Build 9.0.2416 (9.0.2911.0)')).toBe('Outlook IMO, Build 9.0.2416 (9.0.2911.0)');
    expect(maskAddresses('bulk 1.0 (jane@host.example)')).toBe('bulk 1.0 ([address])');
  });
});

describe('hashDomain', () => {
  it('is the same for the same domain and salt, in any case, and other for another of them', () => {
    expect(hashDomain('Host.Example', 'a')).toBe(hashDomain('host.example', 'a'));
    expect(hashDomain('host.example', 'b')).not.toBe(hashDomain('host.example', 'a'));
    expect(hashDomain('host.example.org', 'a')).not.toBe(hashDomain('host.example', 'a'));
    expect(accountRefOf('host.example', 'a')).toBe(`acct_${hashDomain('host.example', 'a')}`);
    expect(hashDomain('host.example', 'a')).toMatch(/^[0-9a-f]{16}$/);
  });
});
