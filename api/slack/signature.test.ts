import { expect, it } from 'vitest';
import { isFromSlack } from './signature.ts';

/** The example of Slack's own documentation of signed requests. */
const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const timestamp = '1531420618';
const body =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
const raw = Buffer.from(body);
const at = Number(timestamp) * 1_000;

it("believes Slack's own example, within five minutes to either side", () => {
  expect(isFromSlack(secret, { timestamp, signature, raw }, at)).toBe(true);
  expect(isFromSlack(secret, { timestamp, signature, raw }, at + 300_000)).toBe(true);
  expect(isFromSlack(secret, { timestamp, signature, raw }, at - 300_000)).toBe(true);
  expect(isFromSlack(secret, { timestamp, signature, raw }, at + 300_001)).toBe(false);
  expect(isFromSlack(secret, { timestamp, signature, raw }, at - 300_001)).toBe(false);
});

it('believes nothing with one bit changed', () => {
  for (let bit = 0; bit < raw.length * 8; bit += 7) {
    const changed = Buffer.from(raw);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(isFromSlack(secret, { timestamp, signature, raw: changed }, at), String(bit)).toBe(false);
  }
});

it.each([
  ['another secret', { secret: `${secret}x` }],
  ['another time', { timestamp: '1531420619' }],
  ['capital digits', { signature: signature.toUpperCase().replace('V0', 'v0') }],
  ['no version', { signature: signature.slice(3) }],
  ['nothing', { signature: '', timestamp: '' }],
])('believes nothing signed with %s', (_what, change) => {
  const given = { secret, timestamp, signature, ...change };
  expect(isFromSlack(given.secret, { ...given, raw }, at)).toBe(false);
});
