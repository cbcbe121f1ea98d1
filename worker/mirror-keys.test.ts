import { describe, expect, it } from 'vitest';
import { parseMirrorKeys } from './mirror-keys.ts';

const key = '0123456789abcdefABCDEF0123456789';

describe('the file of mirrors', () => {
  it('holds a routing key for each service, which is never printed', () => {
    const keys = parseMirrorKeys(`# moved in spring\n\nmail-gateway=${key}\r\n chat.eu = ${key}\n`);
    expect([...keys].map(([service, secret]) => [service, secret.reveal()])).toEqual([
      ['mail-gateway', key],
      ['chat.eu', key],
    ]);
    expect(JSON.stringify([...keys])).not.toContain(key);
  });

  it.each([
    `mail-gateway ${key}`,
    'mail-gateway=short',
    `Mail=${key}`,
    `mail-gateway=${key.replace('0', '-')}`,
    `=${key}`,
  ])('is refused by the number of a line that is none: %#', (entry) => {
    const read = () => parseMirrorKeys(`a=${key}\n${entry}\na=${key}`);
    expect(read).toThrow(/line 2: must be .*\n.*line 3: names a service/);
    expect(read).not.toThrow(entry);
  });
});
