import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReply } from './reply-text.ts';

describe('a reply', () => {
  it.each<[string, string]>([
    ['12a', 'acknowledge 12'],
    [' 12 A ', 'acknowledge 12'],
    ['Ack 7', 'acknowledge 7'],
    ['acknowledge #7.', 'acknowledge 7'],
    ['a7', 'acknowledge 7'],
    ['７ａ', 'acknowledge 7'],
    ['7e', 'escalate 7'],
    ['escalate 7', 'escalate 7'],
    ['ack', 'acknowledge null'],
    ['STOP', 'stop'],
    ['help', 'help'],
    ['12', 'unknown'],
    ['12a13', 'unknown'],
    ['12345a', 'unknown'],
    ['12c', 'unknown'],
    ['please ack 12', 'unknown'],
    ['constructor', 'unknown'],
    ['do not ack 12', 'unknown'],
    ['', 'unknown'],
  ])('%j is %j', (text, expected) => {
    const reply = readReply(text);
    expect(reply.kind === 'act' ? `${reply.act} ${reply.code}` : reply.kind).toBe(expected);
  });

  it('never throws, and acts only on what has one word of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const reply = readReply(text);
        if (reply.kind === 'act') expect(text.normalize('NFKC').toLowerCase()).toMatch(/[ae]/);
      }),
    );
  });
});
