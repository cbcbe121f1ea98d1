import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hourMs } from '../time.ts';
import { maturities, modeOf, signalKey, windowStart } from './detector.ts';
import type { Hit } from './detector.ts';

const at = Date.UTC(2026, 4, 1, 10, 20);

describe('maturity', () => {
  it('decides the mode', () => {
    expect(maturities.map(modeOf)).toEqual(['off', 'off', 'shadow', 'assisted', 'live', 'live']);
  });
});

describe('signal key', () => {
  const found = (over: Partial<Hit>): Hit => ({
    eventId: null,
    accountRef: 'acct-1',
    score: 0.5,
    occurredAt: at,
    ...over,
  });

  it('is the same for one account anywhere in one window, and another in the next window', () => {
    const first = signalKey('dtv_1', found({}), hourMs);
    expect(signalKey('dtv_1', found({ occurredAt: at + 39 * 60_000, score: 0.9 }), hourMs)).toBe(first);
    expect(signalKey('dtv_1', found({ occurredAt: at + 40 * 60_000 }), hourMs)).not.toBe(first);
  });

  it('of an event does not depend on when the event is looked at', () => {
    const key = signalKey('dtv_1', found({ eventId: 'evt_1' }), hourMs);
    expect(signalKey('dtv_1', found({ eventId: 'evt_1', occurredAt: at + 5 * hourMs }), hourMs)).toBe(key);
    expect(signalKey('dtv_2', found({ eventId: 'evt_1' }), hourMs)).not.toBe(key);
  });

  it('never collides for different versions, accounts or events', () => {
    const part = fc.string({ unit: 'grapheme', maxLength: 6 });
    const ids = fc.tuple(part, part, fc.option(part));
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const key = ([version, accountRef, eventId]: [string, string, string | null]) =>
          signalKey(version, found({ accountRef, eventId }), hourMs);
        expect(key(a) === key(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('windowStart', () => {
  it('aligns to the epoch, also before it', () => {
    expect(windowStart(at, hourMs)).toBe(Date.UTC(2026, 4, 1, 10));
    expect(windowStart(-1, hourMs)).toBe(-hourMs);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a window of %s ms', (windowMs) => {
    expect(() => windowStart(at, windowMs)).toThrow(RangeError);
  });
});
