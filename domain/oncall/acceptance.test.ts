import { describe, expect, it } from 'vitest';
import { at, handOffTimes, oneLayer, whoAt } from '#test/support/oncall-examples.ts';
import { hourMs } from '../time.ts';
import { findGaps } from './coverage.ts';
import type { Override } from './schedule.ts';
import { onCallAt, segments } from './segments.ts';
import { validateSchedule } from './validate-schedule.ts';

describe('acceptance', () => {
  it('case 1: a daily hand-off at 02:30 comes at 03:00 on the day that has no 02:30', () => {
    const schedule = oneLayer('America/Chicago', { start: '2020-03-01T02:30' });
    expect(handOffTimes(schedule, '2020-03-07T06:00Z', '2020-03-10T06:00Z')).toEqual([
      '2020-03-07T08:30',
      '2020-03-08T08:00',
      '2020-03-09T07:30',
    ]);
  });

  it('case 2: a daily hand-off at 01:30 comes once, at the first 01:30, on the day that has two', () => {
    const schedule = oneLayer('America/Chicago', { start: '2020-10-20T01:30' });
    expect(handOffTimes(schedule, '2020-11-01T05:00Z', '2020-11-03T06:00Z')).toEqual([
      '2020-11-01T06:30',
      '2020-11-02T07:30',
    ]);
  });

  it.each([
    ['2024-10-29T05:00Z', '2024-11-05T06:00Z', 169],
    ['2025-03-04T06:00Z', '2025-03-11T05:00Z', 167],
  ])('case 3: a weekly shift from %s to %s lasts %i hours and touches its neighbours', (from, to, hours) => {
    const schedule = oneLayer('America/Chicago', { rotation: { kind: 'weekly' }, start: '2024-01-02T00:00' });
    const all = segments(schedule, at(from) - 24 * hourMs, at(to) + 24 * hourMs);
    expect(all).toHaveLength(3);
    expect(all[1]).toMatchObject({ startAt: at(from), endAt: at(to) });
    expect(((all[1]?.endAt ?? 0) - (all[1]?.startAt ?? 0)) / hourMs).toBe(hours);
    expect([all[0]?.endAt, all[2]?.startAt]).toEqual([at(from), at(to)]);
    expect(all[0]?.people).toEqual(all[2]?.people);
    expect(all[1]?.people).not.toEqual(all[0]?.people);
  });

  it('case 4: a window from Friday 20:00 to Monday 08:00 covers a weekend on which the clock changes', () => {
    const windows = [{ startDay: 5, startTime: '20:00', endDay: 1, endTime: '08:00' }] as const;
    const schedule = oneLayer('America/New_York', { participants: ['A'], windows });
    expect(whoAt(schedule, '2026-03-09T07:30-04:00')).toBe('A');
    expect(whoAt(schedule, '2026-03-09T08:30-04:00')).toBe('');
    expect(segments(schedule, at('2026-03-06T00:00Z'), at('2026-03-11T00:00Z'))[1]).toMatchObject({
      startAt: at('2026-03-06T20:00-05:00'),
      endAt: at('2026-03-09T08:00-04:00'),
    });
  });

  it('case 5: whoever starts exactly now is on call, whoever ends exactly now is not', () => {
    const schedule = oneLayer('Europe/London', { start: '2026-01-05T09:00', participants: ['A', 'B'] });
    const handOffAt = at('2026-01-06T09:00Z');
    expect(onCallAt(schedule, handOffAt - 1000).onCall).toEqual(['A']);
    expect(onCallAt(schedule, handOffAt - 1).onCall).toEqual(['A']);
    expect(onCallAt(schedule, handOffAt).onCall).toEqual(['B']);
  });

  describe('case 6: overrides', () => {
    const period = { startAt: at('2026-01-05T12:00Z'), endAt: at('2026-01-05T18:00Z') };
    const noon = '2026-01-05T13:00Z';
    const replace = (personId: string, byPersonId: string, layerId: string | null = null): Override => ({
      id: `${personId}-${byPersonId}`,
      kind: 'replace',
      layerId,
      personId,
      byPersonId,
      ...period,
    });
    const within = (overrides: readonly Override[], participants = ['A', 'B', 'C']) =>
      oneLayer('UTC', { start: '2026-01-05T00:00', participants }, { overrides });
    const [toB, toC] = [replace('A', 'B'), replace('B', 'C')];

    it.each([
      ['one way', [toB, toC]],
      ['the other', [toC, toB]],
    ])('case 6: A→B and B→C written %s give B for a turn of A', (_, overrides) => {
      expect(whoAt(within(overrides), noon)).toBe('B');
      expect(onCallAt(within(overrides), at(noon)).why).toMatchObject({
        kind: 'override',
        layerId: 'lay_0',
        overrideIds: ['A-B'],
      });
    });

    it('case 6: A↔B swaps', () => {
      const both = [replace('A', 'B'), replace('B', 'A')];
      expect(whoAt(within(both, ['A', 'B']), noon)).toBe('B');
      expect(whoAt(within(both, ['B', 'A']), noon)).toBe('A');
    });

    it('case 6: A→A is refused', () => {
      const schedule = { ...within([]), overrides: [replace('A', 'A')] };
      expect(validateSchedule(schedule)).toEqual([{ pointer: '/overrides/0', reason: 'self' }]);
    });

    it.each([
      ['first', [replace('A', 'C', 'lay_0'), toB]],
      ['last', [toB, replace('A', 'C', 'lay_0')]],
    ])('case 6: one for the layer beats one for the whole schedule, written %s', (_, overrides) => {
      expect(whoAt(within(overrides), noon)).toBe('C');
    });

    it('case 6: they hold from their start to just before their end', () => {
      expect(onCallAt(within([toB]), period.startAt - 1).onCall).toEqual(['A']);
      expect(onCallAt(within([toB]), period.startAt).onCall).toEqual(['B']);
      expect(onCallAt(within([toB]), period.endAt - 1).onCall).toEqual(['B']);
      expect(onCallAt(within([toB]), period.endAt).onCall).toEqual(['A']);
    });
  });

  it('case 7: within a temporary schedule a gap is nobody, not the base rota and no override', () => {
    const [start, gapStart, gapEnd, end] = ['06:00', '10:00', '12:00', '18:00'].map((time) =>
      at(`2026-01-05T${time}Z`),
    ) as [number, number, number, number];
    const schedule = oneLayer(
      'UTC',
      { participants: ['A'] },
      {
        temporarySchedules: [
          {
            id: 'tmp_1',
            startAt: start,
            endAt: end,
            shifts: [
              { personId: 'T', startAt: start, endAt: gapStart },
              { personId: 'U', startAt: gapEnd, endAt: end },
            ],
          },
        ],
        overrides: [{ id: 'ovr_1', kind: 'add', layerId: null, personId: 'X', startAt: start, endAt: end }],
      },
    );
    const all = segments(schedule, start - hourMs, end + hourMs);
    expect(all.map(({ startAt, people }) => [startAt, people.join()])).toEqual([
      [start - hourMs, 'A'],
      [start, 'T'],
      [gapStart, ''],
      [gapEnd, 'U'],
      [end, 'A'],
    ]);
    expect(all[2]?.source).toMatchObject({ kind: 'temporary_schedule', temporaryScheduleId: 'tmp_1' });
    expect(findGaps(schedule, start - hourMs, end + hourMs)).toEqual([{ startAt: gapStart, endAt: gapEnd }]);
  });

  it('case 8: of 14 people in a daily rotation over weekdays, everyone gets a turn', () => {
    const participants = Array.from({ length: 14 }, (_, index) => `P${String(index + 1).padStart(2, '0')}`);
    const windows = [{ days: [1, 2, 3, 4, 5], startTime: '00:00', endTime: '00:00' }] as const;
    const schedule = oneLayer('America/Chicago', { start: '2026-01-05T00:00', participants, windows });
    const turns = segments(schedule, at('2026-01-05T06:00Z'), at('2026-02-12T06:00Z')).flatMap((one) => one.people);
    expect(turns).toEqual([...participants, ...participants]);
  });
});
