import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { dayMs } from '../time.ts';
import { balanceOf, hoursPerPerson, nightOf, nightsPerPerson } from './fairness.ts';

const monday = at('2026-01-05T00:00Z');

describe('hoursPerPerson', () => {
  it('counts elapsed hours, also in the nights on which clocks change', () => {
    const schedule = oneLayer('America/Chicago', { start: '2026-10-26T00:00', rotation: { kind: 'weekly' } });
    expect(hoursPerPerson(schedule, at('2026-10-26T05:00Z'), at('2026-11-09T06:00Z'))).toEqual([
      { personId: 'A', hours: 169 },
      { personId: 'B', hours: 168 },
    ]);
  });

  it('counts each of several people who are on call together', () => {
    const overrides = [
      { id: 'o', kind: 'add', layerId: null, personId: 'X', startAt: monday, endAt: monday + dayMs / 2 },
    ] as const;
    const schedule = oneLayer('UTC', { participants: ['A'] }, { overrides });
    expect(hoursPerPerson(schedule, monday, monday + dayMs)).toEqual([
      { personId: 'A', hours: 24 },
      { personId: 'X', hours: 12 },
    ]);
  });
});

describe('nightsPerPerson', () => {
  const days = { windows: [{ days: [1, 2, 3, 4, 5, 6, 7], startTime: '08:00', endTime: '20:00' }] } as const;

  it('counts nights where the person lives: a day in London is a night in Auckland', () => {
    const schedule = oneLayer('Europe/London', { participants: ['A'], ...days });
    const nights = (zone: string) => nightsPerPerson(schedule, monday, monday + 7 * dayMs, () => zone);
    expect(nights('Europe/London')).toEqual([{ personId: 'A', nights: 0 }]);
    expect(nights('Pacific/Auckland')).toEqual([{ personId: 'A', nights: 7 }]);
  });

  it('counts a night once, though two shifts touch it', () => {
    const windows = [
      { days: [1], startTime: '22:00', endTime: '23:00' },
      { days: [2], startTime: '05:00', endTime: '06:00' },
    ] as const;
    const schedule = oneLayer('UTC', { participants: ['A'], windows });
    expect(nightsPerPerson(schedule, monday, monday + 7 * dayMs, () => 'UTC')).toEqual([{ personId: 'A', nights: 1 }]);
  });

  it.each([
    ['06:00', '22:00', 0],
    ['05:59', '22:00', 1],
    ['06:00', '22:01', 1],
  ])('from %s to %s on one day touches %i', (startTime, endTime, nights) => {
    const schedule = oneLayer('UTC', { participants: ['A'], windows: [{ days: [3], startTime, endTime }] });
    expect(nightsPerPerson(schedule, monday, monday + 7 * dayMs, () => 'UTC')).toEqual([{ personId: 'A', nights }]);
  });
});

describe('balanceOf', () => {
  it.each([
    [[], 1],
    [[10], 1],
    [[10, 10, 10], 1],
    [[10, 5], 0.5],
    [[10, 0], 0],
    [[8, 4, 2], (0.5 + 0.25 + 0.5) / 3],
  ])('%j: %d', (hours, expected) => {
    expect(balanceOf(hours.map((share, index) => ({ personId: `P${index}`, hours: share })))).toBeCloseTo(expected);
  });
});

describe('nightOf', () => {
  it('is named by its evening, from 22:00 to 06:00 where the person lives', () => {
    const inBerlin = (text: string) => nightOf('Europe/Berlin', at(text));
    expect(inBerlin('2026-01-05T20:59Z')).toBeNull();
    expect(inBerlin('2026-01-05T21:00Z')).toBe('2026-01-05');
    expect(inBerlin('2026-01-06T04:59Z')).toBe('2026-01-05');
    expect(inBerlin('2026-01-06T05:00Z')).toBeNull();
    expect(nightOf('Asia/Kolkata', at('2026-01-05T20:59Z'))).toBe('2026-01-05');
  });
});
