import { describe, expect, it } from 'vitest';
import { looksWeak, misfitOf, senderKeyShape } from './sender-key.ts';

const ofPagerDuty = '8f4b2c9d0e1a37659c8b7d6e5f4a3b21';
const ofOpsgenie = 'eb243592-faa2-4ba2-a551-q7t1qh1fee12';
const ofGrafanaOnCall = 'Zk3vQ8mX1tB6nR9wLc5yHd7Fs';

describe('a key of another product', () => {
  it.each([ofPagerDuty, ofOpsgenie, ofGrafanaOnCall, `hb_${ofPagerDuty}`, 'a'.repeat(20), 'A-_'.repeat(21)])(
    '%s has the shape of one',
    (key) => expect(senderKeyShape.test(key)).toBe(true),
  );

  it.each([
    '',
    'a'.repeat(19),
    'a'.repeat(65),
    `${ofPagerDuty}\n`,
    `${ofPagerDuty} `,
    `${ofPagerDuty}/`,
    'ä'.repeat(32),
  ])('%j has not', (key) => expect(senderKeyShape.test(key)).toBe(false));

  it('is weak with fewer than ten different characters', () => {
    expect(['0'.repeat(32), 'abcdefghi'.repeat(4)].map(looksWeak)).toEqual([true, true]);
    expect(['abcdefghij'.repeat(3), ofPagerDuty, ofOpsgenie, ofGrafanaOnCall].map(looksWeak)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('fits the kinds whose senders can show it', () => {
    expect(misfitOf(ofPagerDuty, 'pagerduty_events_v2')).toBeNull();
    expect(misfitOf(ofOpsgenie, 'opsgenie')).toBeNull();
    expect(misfitOf(ofGrafanaOnCall, 'alertmanager')).toBeNull();
    for (const key of [ofOpsgenie, ofGrafanaOnCall, `${ofPagerDuty.slice(1)}-`])
      expect(misfitOf(key, 'pagerduty_events_v2')).toMatch(/32 letters and digits/);
    expect(misfitOf(ofPagerDuty, 'email')).not.toBeNull();
  });
});
