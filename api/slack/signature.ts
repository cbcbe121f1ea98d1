import { createHmac, timingSafeEqual } from 'node:crypto';
import { minuteMs, secondMs } from '#domain/time.ts';

/** What was recorded longer ago, or lies further ahead, is not believed: Slack's own figure. */
const windowMs = 5 * minuteMs;

export interface SignedRequest {
  /** `X-Slack-Request-Timestamp`: seconds since the epoch. */
  readonly timestamp: string | undefined;
  /** `X-Slack-Signature`: `v0=` and 64 hexadecimal digits. */
  readonly signature: string | undefined;
  /** The body, byte by byte as it came. */
  readonly raw: Buffer;
}

/** Whether Slack sent exactly this, within five minutes of `now`. The time that it takes tells nothing of the secret. */
export function isFromSlack(
  secret: string,
  { timestamp = '', signature = '', raw }: SignedRequest,
  now: number,
): boolean {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp) * secondMs) > windowMs) return false;
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest();
  const given = /^v0=(?<hex>[0-9a-f]{64})$/.exec(signature)?.groups?.['hex'] ?? '';
  return given !== '' && timingSafeEqual(digest, Buffer.from(given, 'hex'));
}
