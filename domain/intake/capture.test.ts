import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captured, captureFault } from './capture.ts';

describe('a pattern that takes parts of a text', () => {
  it.each([
    ['(*)', 'anything', ['anything']],
    ['disk (*) on (*)', 'Disk full on db1', ['full', 'db1']],
    ['[*] (*)', '[prod] disk full', ['disk full']],
    ['* (*) is *', 'service web is down', ['web']],
    ['\\*\\* * (*) is * \\*\\*', '** PROBLEM web/HTTP is CRITICAL **', ['web/HTTP']],
    ['job \\((*)\\) failed', 'job (nightly) failed', ['nightly']],
    ['a(*)', 'a', ['']],
    ['(*)(*)', 'ab', ['', 'ab']],
    ['host (*)', 'HOST Db1', ['Db1']],
  ])('%s of %s', (pattern, text, parts) => {
    expect(captured(pattern, text)).toEqual(parts);
  });

  it.each([
    ['disk (*)', 'a disk full'],
    ['(*) full', 'disk full now'],
    ['a*a', 'a'],
    ['plain', 'plain text'],
    ['x(*)y*z', 'xz'],
  ])('%s does not fit %s', (pattern, text) => {
    expect(captured(pattern, text)).toBeNull();
  });

  it('that takes nothing cannot be a key', () => {
    expect(captureFault('disk *')).toContain('(*)');
    expect(captureFault('disk \\(*)')).not.toBeNull();
    expect(captureFault('disk (*)')).toBeNull();
  });

  it('puts a text together again from what it took', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ':'), maxLength: 6 });
    fc.assert(
      fc.property(plain, plain, plain, (before, part, after) => {
        const text = `${before}${part}${after}`;
        const parts = captured(`${before}(*)${after}`, text);
        expect(parts).toEqual([part]);
      }),
    );
  });

  it('is fast for what would make a regular expression slow', () => {
    const began = performance.now();
    expect(captured(`${'*a'.repeat(120)}b`, 'a'.repeat(2_000))).toBeNull();
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
