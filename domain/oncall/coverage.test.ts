import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenes, schedulesAround } from '#test/support/oncall-arbitraries.ts';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { dayMs, hourMs } from '../time.ts';
import { findGaps, handOffs, nextShift, nextShiftHorizonMs, shiftsOf } from './coverage.ts';
import { onCallAt } from './segments.ts';

const weekdays = [{ days: [1, 2, 3, 4, 5], startTime: '09:00', endTime: '17:00' }] as const;
const monday = at('2026-01-05T00:00Z');

describe('findGaps', () => {
  it('finds what windows leave open, cut off at both ends', () => {
    const schedule = oneLayer('UTC', { participants: ['A'], windows: weekdays });
    expect(findGaps(schedule, monday, monday + dayMs + 10 * hourMs)).toEqual([
      { startAt: monday, endAt: monday + 9 * hourMs },
      { startAt: monday + 17 * hourMs, endAt: monday + dayMs + 9 * hourMs },
    ]);
  });

  it('joins gaps that have different reasons', () => {
    const away = {
      id: 'mrk_1',
      kind: 'unavailable' as const,
      personId: 'A',
      startAt: monday + 15 * hourMs,
      endAt: monday + dayMs,
    };
    const schedule = oneLayer('UTC', { participants: ['A'], windows: weekdays }, { marks: [away] });
    expect(findGaps(schedule, monday + 10 * hourMs, monday + dayMs)).toEqual([
      { startAt: monday + 15 * hourMs, endAt: monday + dayMs },
    ]);
  });
});

describe('handOffs', () => {
  it('says who leaves and who joins, at the first moment but not at the last', () => {
    const schedule = oneLayer('UTC', { start: '2026-01-05T09:00' });
    expect(handOffs(schedule, monday + 9 * hourMs, monday + 2 * dayMs + 9 * hourMs)).toEqual([
      { at: monday + 9 * hourMs, leaving: [], joining: ['A'] },
      { at: monday + dayMs + 9 * hourMs, leaving: ['A'], joining: ['B'] },
    ]);
  });

  it('says nothing when one reason for the same person gives way to another', () => {
    const override = { id: 'ovr_1', kind: 'replace', layerId: null, personId: 'B', byPersonId: 'A' } as const;
    const overrides = [{ ...override, startAt: monday, endAt: monday + dayMs }];
    const schedule = oneLayer('UTC', { participants: ['B', 'A'], start: '2026-01-05T00:00' }, { overrides });
    expect(handOffs(schedule, monday + 1, monday + 2 * dayMs)).toEqual([]);
  });
});

describe('shiftsOf', () => {
  it('makes one shift of turns that touch, per person', () => {
    const schedule = oneLayer('UTC', { start: '2026-01-05T00:00', participants: ['A', 'A', 'B'] });
    expect(shiftsOf(schedule, monday, monday + 4 * dayMs)).toEqual([
      { personId: 'A', startAt: monday, endAt: monday + 2 * dayMs },
      { personId: 'B', startAt: monday + 2 * dayMs, endAt: monday + 3 * dayMs },
      { personId: 'A', startAt: monday + 3 * dayMs, endAt: monday + 4 * dayMs },
    ]);
  });

  it('and gaps together tell the same as onCallAt', () => {
    fc.assert(
      fc.property(
        scenes.chain((scene) => fc.tuple(fc.constant(scene.now), schedulesAround(scene))),
        fc.integer({ min: 0, max: 3 * dayMs - 1 }),
        ([now, schedule], offset) => {
          const [toMs, instant] = [now + 3 * dayMs, now + offset];
          const covers = (one: { startAt: number; endAt: number }) => one.startAt <= instant && instant < one.endAt;
          const { onCall } = onCallAt(schedule, instant);
          expect(
            shiftsOf(schedule, now, toMs)
              .filter(covers)
              .map((shift) => shift.personId)
              .sort(),
          ).toEqual(onCall);
          expect(findGaps(schedule, now, toMs).some(covers)).toBe(onCall.length === 0);
        },
      ),
    );
  });
});

describe('nextShift', () => {
  const schedule = oneLayer('UTC', { start: '2026-01-05T09:00', end: '2026-01-20T09:00', participants: ['A', 'B'] });
  const shift = (day: number) => ({
    startAt: monday + day * dayMs + 9 * hourMs,
    endAt: monday + (day + 1) * dayMs + 9 * hourMs,
  });

  it.each([
    ['before the schedule begins', monday, shift(0)],
    ['at the very start of a shift', monday + 9 * hourMs, shift(0)],
    ['just after it', monday + 9 * hourMs + 1, shift(2)],
    ['after the last', monday + 15 * dayMs, null],
  ])('%s', (_, from, expected) => {
    expect(nextShift(schedule, 'A', from)).toEqual(expected);
  });

  it('has no end when it is not over within the horizon', () => {
    const alone = oneLayer('UTC', { start: '2026-01-05T09:00', participants: ['A'] });
    expect(nextShift(alone, 'A', monday)).toEqual({ startAt: monday + 9 * hourMs, endAt: null });
    expect(nextShift(alone, 'A', monday - nextShiftHorizonMs)).toBeNull();
    expect(nextShift(alone, 'Z', monday)).toBeNull();
  });
});
