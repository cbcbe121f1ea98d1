import { describe, expect, it } from 'vitest';
import { at, oneLayer } from '#test/support/oncall-examples.ts';
import { freezePolicy } from '../escalation/policy.ts';
import type { PolicyDocument } from '../escalation/policy.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { rungHoles } from './rung-holes.ts';
import type { Reach } from './rung-holes.ts';

const monday = at('2026-03-02T00:00Z');
const week = { startAt: monday, endAt: monday + 7 * dayMs };
const days = {
  ...oneLayer('UTC', { windows: [{ days: [1, 2, 3, 4, 5], startTime: '08:00', endTime: '20:00' }] }),
  id: 'days',
};
const always = { ...oneLayer('UTC', {}), id: 'always' };
const onSchedule = (scheduleId: string) => ({ kind: 'schedule', scheduleId }) as const;
const person = (personId: string) => ({ kind: 'person', personId }) as const;

const holesIn = (
  rungs: readonly Partial<PolicyDocument['rungs'][number]>[],
  more: Partial<PolicyDocument> = {},
  reach: Partial<Reach> = {},
) =>
  rungHoles(
    freezePolicy(
      {
        rungs: rungs.map((rung) => ({ targets: [], ackWithinMs: 5 * minuteMs, ...rung })),
        catchAllPersonId: 'Z',
        highUrgencyUpTo: 4,
        ...more,
      },
      { policyVersionId: 'epv', version: 1 },
    ),
    {
      schedules: new Map([days, always].map((one) => [one.id, one])),
      meantToHaveGaps: new Set(),
      isReachable: () => true,
      ...reach,
    },
    week,
  );

describe('rungHoles', () => {
  it('finds none where each rung always reaches somebody', () => {
    expect(holesIn([{ targets: [onSchedule('always')] }, { targets: [person('B')] }])).toEqual([]);
  });

  it('finds each stretch in which nobody is on it, joined over the weekend', () => {
    const holes = holesIn([{ targets: [onSchedule('days')] }]);
    expect(holes[0]).toEqual({ rung: 0, urgency: 'high', startAt: monday, endAt: monday + 8 * hourMs });
    expect(holes.at(-1)).toMatchObject({ startAt: monday + 4 * dayMs + 20 * hourMs, endAt: week.endAt });
    expect(holes).toHaveLength(6);
    // Another target of the rung fills it.
    expect(holesIn([{ targets: [onSchedule('days'), person('B')] }])).toEqual([]);
  });

  it('counts people who have no way to be reached as nobody', () => {
    const isReachable = (personId: string) => personId !== 'A';
    const holes = holesIn([{ targets: [onSchedule('always')] }], {}, { isReachable });
    // A and B take turns, a day each.
    expect(holes.every(({ startAt, endAt }) => endAt - startAt === dayMs)).toBe(true);
    expect([3, 4]).toContain(holes.length);
    expect(holesIn([{ targets: [person('A')] }], {}, { isReachable })).toMatchObject([{ rung: 0, ...week }]);
    expect(holesIn([{ targets: [{ kind: 'round_robin', scheduleId: 'always' }] }], {}, { isReachable })).toEqual([]);
    expect(holesIn([{ targets: [person('B')] }], { catchAllPersonId: 'A' }, { isReachable })).toEqual([
      { rung: null, urgency: 'high', ...week },
    ]);
    expect(holesIn([{ targets: [onSchedule('gone')] }])).toMatchObject([{ rung: 0, ...week }]);
  });

  it('lets a schedule be empty that is meant to be', () => {
    const meantToHaveGaps = new Set(['days']);
    expect(holesIn([{ targets: [onSchedule('days')] }], {}, { meantToHaveGaps })).toEqual([]);
    const isReachable = () => false;
    expect(holesIn([{ targets: [onSchedule('days')] }], {}, { meantToHaveGaps, isReachable })[0]).toMatchObject({
      rung: 0,
      startAt: monday + 8 * hourMs,
    });
  });

  it('asks for low urgency only where it comes: the first rung that takes it', () => {
    const isReachable = (_: string, urgency: string) => urgency === 'high';
    const rungs = [
      { targets: [person('A')], conditions: { severityAtMost: 2 } },
      { targets: [person('B')] },
      { targets: [person('C')] },
    ] as const;
    const holes = holesIn(rungs, { highUrgencyUpTo: 2 }, { isReachable });
    expect(holes.map(({ rung, urgency }) => [rung, urgency])).toEqual([
      [1, 'low'],
      [null, 'low'],
    ]);
    expect(holesIn(rungs, { highUrgencyUpTo: 4 }, { isReachable })).toEqual([]);
  });

  it('asks for a rung with hours only in these hours', () => {
    const workingHours = {
      zone: 'UTC',
      windows: [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 9 * 60, toMinute: 17 * 60 }],
    };
    const during = [{ targets: [onSchedule('days')], conditions: { hours: 'working' } }] as const;
    expect(holesIn(during, { workingHours })).toEqual([]);
    const outside = [{ targets: [onSchedule('days')], conditions: { hours: 'outside' } }] as const;
    // From 20:00 to 08:00; between 17:00 and 20:00, and 08:00 and 09:00, somebody is on call.
    expect(holesIn(outside, { workingHours })[1]).toMatchObject({
      startAt: monday + 20 * hourMs,
      endAt: monday + 32 * hourMs,
    });
  });
});
