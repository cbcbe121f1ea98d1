import { describe, expect, it } from 'vitest';
import { readTwilioStatus } from './twilio-status.ts';

describe('a status of Twilio', () => {
  it.each<[string, number | null, string | null]>([
    ['queued', null, null],
    ['sent', null, null],
    ['in-progress', null, null],
    ['delivered', null, 'delivered'],
    ['read', null, 'delivered'],
    ['completed', null, 'delivered'],
    ['undelivered', 30003, 'failed_transient twilio_30003'],
    ['undelivered', 30006, 'failed_permanent twilio_30006'],
    ['undelivered', null, 'failed_transient twilio_undelivered'],
    ['failed', 21610, 'failed_permanent twilio_21610'],
    ['failed', null, 'failed_permanent twilio_failed'],
    ['busy', null, 'failed_transient twilio_busy'],
    ['no-answer', null, 'failed_transient twilio_no_answer'],
    ['canceled', null, 'failed_transient twilio_canceled'],
    ['made-up', null, null],
    ['', null, null],
  ])('%s %s is %s', (status, code, expected) => {
    const receipt = readTwilioStatus(status, code);
    expect(receipt && [receipt.result, receipt.errorCode].filter(Boolean).join(' ')).toBe(expected);
  });
});
