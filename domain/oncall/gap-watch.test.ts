import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { dayMs, hourMs } from '../time.ts';
import { watchGaps } from './gap-watch.ts';

const now = at('2026-03-02T12:00Z');
// Every day from 08:00 to 20:00: a gap each night.
const days = oneLayer('UTC', { windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime: '08:00', endTime: '20:00' }] });
const always = oneLayer('UTC', {});

describe('watchGaps', () => {
  it('finds every gap of 30 days, and is news once', () => {
    const first = watchGaps(days, [], now);
    expect([first.gaps.length, first.isNews, first.told[0]]).toEqual([30, true, at('2026-03-02T20:00Z')]);
    expect(watchGaps(days, first.told, now + hourMs)).toMatchObject({ isNews: false, told: first.told });
  });

  it('knows a gap again that has begun meanwhile', () => {
    const temporarySchedules = [{ id: 'away', startAt: now + hourMs, endAt: now + 5 * hourMs, shifts: [] }];
    const away = oneLayer('UTC', {}, { temporarySchedules });
    const { told } = watchGaps(away, [], now);
    expect(told).toEqual([now + hourMs]);
    const inIt = watchGaps(away, told, now + 2 * hourMs);
    expect([inIt.isNews, inIt.gaps, inIt.told]).toEqual([
      false,
      [{ startAt: now + 2 * hourMs, endAt: now + 5 * hourMs }],
      told,
    ]);
    expect(watchGaps(away, inIt.told, now + 5 * hourMs)).toEqual({ gaps: [], isNews: false, told: [] });
  });

  it('is news again when another gap comes into sight', () => {
    const { told } = watchGaps(days, [], now);
    const dayAfter = watchGaps(days, told, now + dayMs);
    expect([dayAfter.isNews, dayAfter.told[0], dayAfter.told.length]).toEqual([true, at('2026-03-03T20:00Z'), 30]);
  });

  it('has nothing to tell where somebody is always on call', () => {
    expect(watchGaps(always, [1], now)).toEqual({ gaps: [], isNews: false, told: [] });
  });
});
