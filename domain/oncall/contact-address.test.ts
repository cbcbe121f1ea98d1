import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowListOf } from '../outgoing-target.ts';
import { isUsable, normalAddress } from './contact-address.ts';
import { channels } from './notification-rules.ts';
import type { Channel } from './notification-rules.ts';

const allowList = allowListOf(['127.0.0.1:9000']);
const of = (channel: Channel, text: string): string => {
  const result = normalAddress(channel, text, allowList);
  return 'problem' in result ? `! ${result.problem}` : result.address;
};

describe('an address', () => {
  it.each<[Channel, string, string]>([
    ['sms', '+44 (7700) 900-123', '+447700900123'],
    ['voice', '0044 7700 900123', '+447700900123'],
    ['sms', '07700 900123', '! not_e164'],
    ['sms', '+0123456789', '! not_e164'],
    ['sms', '+1234567890123456', '! not_e164'],
    ['sms', '+44 7700 900123 ext 4', '! not_e164'],
    ['sms', 'whatsapp:+447700900123', '! not_e164'],
    ['email', ' Ann.Lee+page@Example.ORG ', 'Ann.Lee+page@example.org'],
    ['email', 'root@localhost', 'root@localhost'],
    ['email', 'ann@example.org, eve@example.net', '! not_email'],
    ['email', 'Ann <ann@example.org>', '! not_email'],
    ['email', '"a b"@example.org', '! not_email'],
    ['email', '.ann@example.org', '! not_email'],
    ['email', 'ann@-example.org', '! not_email'],
    ['email', 'ann@example.org\r\nBcc: eve@example.net', '! control_characters'],
    ['email', `${'a'.repeat(65)}@example.org`, '! not_email'],
    ['chat', ' U012AB3CD ', 'U012AB3CD'],
    ['chat', 'C012AB3CD', 'C012AB3CD'],
    ['chat', '#alerts', '! not_slack_id'],
    ['chat', '@ann', '! not_slack_id'],
    ['chat', 'u012ab3cd', '! not_slack_id'],
    ['webhook', 'https://phone.example/page', 'https://phone.example/page'],
    ['webhook', 'http://127.0.0.1:9000/page', 'http://127.0.0.1:9000/page'],
    ['webhook', 'http://phone.example/page', '! not_https'],
    ['webhook', 'https://2130706433/page', '! address_not_public'],
    ['webhook', 'https://[::ffff:10.0.0.1]/page', '! address_not_public'],
    ['webhook', 'https://user:secret@phone.example/', '! credentials_in_url'],
    ['webhook', 'phone', '! malformed_url'],
    ['console', 'night shift', 'night shift'],
    ['console', 'x'.repeat(201), '! too_long'],
  ])('of %s: %j is %j', (channel, text, expected) => expect(of(channel, text)).toBe(expected));

  it('is the same when it is normalised again, and has no control characters', () => {
    fc.assert(
      fc.property(fc.constantFrom(...channels), fc.string({ maxLength: 300 }), (channel, text) => {
        const once = normalAddress(channel, text, allowList);
        if ('problem' in once) return;
        expect(once.address).not.toMatch(/\p{Cc}/u);
        expect(normalAddress(channel, once.address, allowList)).toEqual(once);
      }),
    );
  });
});

it('is used for pages once it is proven, where the channel asks for that', () => {
  const now = new Date(0);
  const of = (channel: Channel, verifiedAt: Date | null, disabledAt: Date | null = null) =>
    isUsable({ channel, verifiedAt, disabledAt });
  expect(channels.map((channel) => [channel, of(channel, null)])).toEqual([
    ['console', true],
    ['email', false],
    ['chat', false],
    ['webhook', true],
    ['push', true],
    ['sms', false],
    ['voice', false],
  ]);
  expect(channels.every((channel) => of(channel, now))).toBe(true);
  expect(channels.some((channel) => of(channel, now, now))).toBe(false);
});
