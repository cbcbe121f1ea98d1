import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageMessage } from './pager-channels.ts';
import { gsmLength, smsText } from './sms-text.ts';

const page: PageMessage = {
  deliveryId: 'dlv_1',
  escalationId: 'esc_1',
  kind: 'page',
  title: 'Queue of reports is 40 minutes late',
  isSensitive: false,
  severity: 1,
  ackUrl: 'https://vigil.example/a/AAAAAAAAAAAAAAAAAAAAAA',
  possibleDuplicate: false,
  address: '+447700900123',
  replyCode: 12,
};
const of = (change: Partial<PageMessage>): string => smsText({ ...page, ...change });

describe('a text message', () => {
  it('says what it is about, how to answer and where to look, in one part', () => {
    expect(of({})).toBe(
      'Queue of reports is 40 minutes late. Reply 12a to acknowledge, 12e to escalate. https://vigil.example/a/AAAAAAAAAAAAAAAAAAAAAA',
    );
    expect(of({ possibleDuplicate: true, kind: 'drill', ackUrl: null })).toBe(
      'Again? Drill: Queue of reports is 40 minutes late. Reply 12a to acknowledge, 12e to escalate',
    );
    expect(of({ kind: 'resolved', replyCode: null, ackUrl: null })).toBe(
      'Resolved: Queue of reports is 40 minutes late',
    );
  });

  it('carries no content of sensitive harm', () => {
    const text = of({ isSensitive: true, title: 'CANARY' });
    expect(text).not.toContain('CANARY');
    expect(gsmLength(text)).toBeLessThanOrEqual(160);
    expect(text).toContain('sensitive');
  });

  it('writes plainly what the alphabet lacks, and keeps another script', () => {
    expect(of({ title: 'Zażółć – “naïve” café…', ackUrl: null })).toBe(
      'Zazołc - "naive" café. Reply 12a to acknowledge, 12e to escalate',
    );
    expect(of({ title: 'Crème – “brûlée”', ackUrl: null, replyCode: null })).toBe('Crème - "brulée"');
    expect(of({ title: 'キューが遅れています', ackUrl: null })).toContain('キューが遅れています. Reply 12a');
  });

  it('fits one part whenever its title can be written in the alphabet, and is cut by whole characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'Z', '9', ' ', '.', '{', '€', 'é', '’', '…'), maxLength: 400 }),
        fc.boolean(),
        fc.constantFrom<PageMessage['kind']>('page', 'drill', 'resolved', 'test'),
        (title, possibleDuplicate, kind) => {
          expect(gsmLength(of({ title, possibleDuplicate, kind }))).toBeLessThanOrEqual(160);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (title) => {
        const text = of({ title });
        expect(text.isWellFormed()).toBe(true);
        expect(text.length).toBeLessThanOrEqual(160);
      }),
    );
  });
});
