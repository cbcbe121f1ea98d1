import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createWebhookSigner } from './signed-webhook.ts';

const older = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const newer = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const at = Date.now();

const accepts = (secret: string, body: string, headers: Record<string, string>): boolean => {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
};

describe('the webhook signer', () => {
  it('gives the signature of the standard: HMAC-SHA256 over id, seconds and body', () => {
    const headers = createWebhookSigner([newer]).headers('enf_1:apply', at, '{"a":"é"}');
    const seconds = Math.floor(at / 1_000);
    const expected = createHmac('sha256', Buffer.alloc(32, 2))
      .update(`enf_1:apply.${seconds}.{"a":"é"}`)
      .digest('base64');
    expect(headers).toEqual({
      'webhook-id': 'enf_1:apply',
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${expected}`,
    });
  });

  it('is understood by receivers with the new and with the old secret during a rotation, and by nobody else', () => {
    const headers = createWebhookSigner([newer, older]).headers('id-1', at, 'body');
    expect(accepts(newer, 'body', headers)).toBe(true);
    expect(accepts(older, 'body', headers)).toBe(true);
    expect(accepts(`whsec_${Buffer.alloc(32, 3).toString('base64')}`, 'body', headers)).toBe(false);
  });

  it('covers every byte of the body, the id and the time', () => {
    const signer = createWebhookSigner([newer]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (body, where) => {
        const headers = signer.headers('id-1', at, body);
        const cut = where % body.length;
        expect(accepts(newer, body, headers)).toBe(true);
        expect(accepts(newer, `${body.slice(0, cut)}#${body.slice(cut)}`, headers)).toBe(false);
        expect(accepts(newer, body, { ...headers, 'webhook-id': 'id-2' })).toBe(false);
        const later = String(Number(headers['webhook-timestamp']) + 1);
        expect(accepts(newer, body, { ...headers, 'webhook-timestamp': later })).toBe(false);
      }),
    );
  });

  it.each([
    [[]],
    [[older, newer, newer]],
    [['']],
    [['secret']],
    [[newer.slice('whsec_'.length)]],
    [['whsec_!!!!']],
    [[`whsec_${Buffer.alloc(23).toString('base64')}`]],
    [[`whsec_${Buffer.alloc(65).toString('base64')}`]],
    [[newer, 'whsec_MTIz']],
  ])('refuses the secrets %j without repeating them', (secrets) => {
    expect(() => createWebhookSigner(secrets)).toThrow(/^(?!.*(?:MTIz|AAAA|AgIC))/);
  });

  it.each(['', 'a.b', 'a b', 'a\nb', 'é', 'x'.repeat(257)])('refuses the id %j', (id) => {
    expect(() => createWebhookSigner([newer]).headers(id, at, '')).toThrow(RangeError);
  });
});
