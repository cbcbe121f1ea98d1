import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { minuteMs } from '../time.ts';
import { handOffNotices, handsOverAt } from './notices.ts';
import type { Habits } from './notices.ts';

// A and B by turns, each day at 09:00 and at 00:00 in Berlin.
const daily = (start: string) =>
  oneLayer('Europe/Berlin', { start, rotation: { kind: 'daily' }, participants: ['A', 'B'] });
const awake: Habits = { timeZone: 'Europe/Berlin', quietHours: null };
const asleep: Habits = { timeZone: 'Europe/Berlin', quietHours: { startTime: '22:00', endTime: '07:00' } };
const first = (schedule: ReturnType<typeof daily>, now: number, habits: Habits, minutes = 15) => {
  const [notice] = handOffNotices(schedule, minutes * minuteMs, now, () => habits);
  return notice && [notice.personId, ...[notice.handOffAt, notice.dueAt].map((one) => new Date(one).toISOString())];
};

describe('handOffNotices', () => {
  it('tells the next person so long before the hand-off', () => {
    expect(first(daily('2026-01-05T09:00'), at('2026-01-06T01:00Z'), awake)).toEqual([
      'B',
      '2026-01-06T08:00:00.000Z',
      '2026-01-06T07:45:00.000Z',
    ]);
    expect(first(daily('2026-01-05T09:00'), at('2026-01-06T01:00Z'), awake, 60)?.[2]).toBe('2026-01-06T07:00:00.000Z');
  });

  it('tells before the quiet hours where its moment lies in them, in the person’s own zone', () => {
    const midnight = daily('2026-01-05T00:00');
    expect(first(midnight, at('2026-01-05T12:00Z'), asleep)).toEqual([
      'B',
      '2026-01-05T23:00:00.000Z',
      '2026-01-05T20:45:00.000Z',
    ]);
    const inTokyo = { ...asleep, timeZone: 'Asia/Tokyo' };
    // 23:00 UTC is 08:00 in Tokyo: nothing is quiet there.
    expect(first(midnight, at('2026-01-05T12:00Z'), inTokyo)?.[2]).toBe('2026-01-05T22:45:00.000Z');
  });

  it('is due at once where it became known late, and forgets what is over', () => {
    const midnight = daily('2026-01-05T00:00');
    expect(first(midnight, at('2026-01-05T22:50Z'), asleep)?.[1]).toBe('2026-01-05T23:00:00.000Z');
    expect(first(midnight, at('2026-01-05T23:10Z'), asleep)?.[1]).toBe('2026-01-05T23:00:00.000Z');
    expect(first(midnight, at('2026-01-05T23:16Z'), asleep)?.[1]).toBe('2026-01-06T23:00:00.000Z');
  });

  it('tells nobody who stays on call', () => {
    const alone = oneLayer('UTC', { start: '2026-01-05T00:00', rotation: { kind: 'daily' }, participants: ['A'] });
    expect(handOffNotices(alone, 15 * minuteMs, at('2026-01-06T00:00Z'), () => awake)).toEqual([]);
  });
});

describe('handsOverAt', () => {
  const schedule = daily('2026-01-05T09:00');
  const when = (personId: string, now: string) => {
    const found = handsOverAt(schedule, personId, at(now));
    return found === null ? null : new Date(found).toISOString();
  };

  it('is the end of the shift for who is on call, and its end of late for who was', () => {
    expect(when('A', '2026-01-05T12:00Z')).toBe('2026-01-06T08:00:00.000Z');
    expect(when('A', '2026-01-06T08:00Z')).toBe('2026-01-06T08:00:00.000Z');
    expect(when('A', '2026-01-06T20:00Z')).toBe('2026-01-06T08:00:00.000Z');
    expect(when('B', '2026-01-05T12:00Z')).toBeNull();
    expect(when('C', '2026-01-05T12:00Z')).toBeNull();
  });
});
