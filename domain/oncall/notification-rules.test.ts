import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { scenes } from '#test/support/oncall-arbitraries.ts';
import { at } from '#test/support/oncall-examples.ts';
import { minuteMs, toIso } from '../time.ts';
import { channels, maxDelayMinutes, notificationRuleProblems, planNotifications } from './notification-rules.ts';
import type { Channel, NotificationRule, PersonalRules, PlannedNotification } from './notification-rules.ts';

const rule = (id: string, channel: Channel, delayMinutes: number): NotificationRule => ({
  id,
  channel,
  contactMethodId: `cmt_${channel}`,
  delayMinutes,
});

const rules: PersonalRules = {
  high: [rule('h1', 'push', 0), rule('h2', 'sms', 2), rule('h3', 'voice', 5)],
  low: [rule('l1', 'email', 0), rule('l2', 'push', 30)],
  quietHours: { startTime: '22:00', endTime: '07:00' },
};

const due = (planned: readonly PlannedNotification[]): string[] =>
  planned.map((one) => `${one.ruleId} ${toIso(one.dueAt).slice(0, 16)}`);

const low = (startedAt: string, quietHours = rules.quietHours, zone = 'Europe/London'): string[] =>
  due(planNotifications({ ...rules, quietHours }, 'low', zone, at(startedAt)));

describe('planNotifications', () => {
  it('follows the order and delays of the urgency, and ignores quiet hours for high urgency', () => {
    expect(planNotifications(rules, 'high', 'Europe/London', at('2026-01-05T03:00Z'))).toEqual([
      { ruleId: 'h1', contactMethodId: 'cmt_push', channel: 'push', dueAt: at('2026-01-05T03:00Z') },
      { ruleId: 'h2', contactMethodId: 'cmt_sms', channel: 'sms', dueAt: at('2026-01-05T03:02Z') },
      { ruleId: 'h3', contactMethodId: 'cmt_voice', channel: 'voice', dueAt: at('2026-01-05T03:05Z') },
    ]);
  });

  it('sorts by time and keeps the person’s order among rules that are due together', () => {
    const mixed = { ...rules, high: [rule('c', 'voice', 5), rule('b', 'sms', 0), rule('a', 'push', 0)] };
    expect(due(planNotifications(mixed, 'high', 'UTC', 0))).toEqual([
      'b 1970-01-01T00:00',
      'a 1970-01-01T00:00',
      'c 1970-01-01T00:05',
    ]);
  });

  it.each([
    ['before quiet hours', '2026-01-05T12:00Z', ['l1 2026-01-05T12:00', 'l2 2026-01-05T12:30']],
    ['into which the second rule falls', '2026-01-05T21:40Z', ['l1 2026-01-05T21:40', 'l2 2026-01-06T07:00']],
    ['at their first moment', '2026-01-05T22:00Z', ['l1 2026-01-06T07:00', 'l2 2026-01-06T07:00']],
    ['after midnight', '2026-01-06T03:00Z', ['l1 2026-01-06T07:00', 'l2 2026-01-06T07:00']],
    ['at their end', '2026-01-06T07:00Z', ['l1 2026-01-06T07:00', 'l2 2026-01-06T07:30']],
  ])('holds low urgency back to the end of quiet hours: %s', (_, startedAt, expected) => {
    expect(low(startedAt)).toEqual(expected);
  });

  it('reads quiet hours on the person’s own clock', () => {
    expect(low('2026-01-05T12:00Z', rules.quietHours, 'Pacific/Auckland')).toEqual([
      'l1 2026-01-05T18:00',
      'l2 2026-01-05T18:00',
    ]);
    expect(low('2026-07-06T02:00Z', rules.quietHours, 'America/Chicago')).toEqual([
      'l1 2026-07-06T02:00',
      'l2 2026-07-06T02:30',
    ]);
    expect(low('2026-01-05T12:00Z', { startTime: '11:00', endTime: '13:00' })).toEqual([
      'l1 2026-01-05T13:00',
      'l2 2026-01-05T13:00',
    ]);
  });

  it('ends quiet hours at the last occurrence of their end', () => {
    const quiet = { startTime: '22:00', endTime: '01:30' };
    expect(low('2020-11-01T06:40Z', quiet, 'America/Chicago')).toEqual(['l1 2020-11-01T07:30', 'l2 2020-11-01T07:30']);
  });

  it('plans nothing where a person has no rules for the urgency, and holds nothing back without quiet hours', () => {
    expect(planNotifications({ ...rules, low: [] }, 'low', 'UTC', 0)).toEqual([]);
    expect(low('2026-01-05T03:00Z', null)).toEqual(['l1 2026-01-05T03:00', 'l2 2026-01-05T03:30']);
  });

  it('lets a low rule wait for the high rule that is as loud, and leaves out one that is louder than all', () => {
    const loud = { ...rules, low: [rule('l1', 'sms', 0), rule('l2', 'email', 0)], quietHours: null };
    expect(due(planNotifications(loud, 'low', 'UTC', 0))).toEqual(['l2 1970-01-01T00:00', 'l1 1970-01-01T00:02']);
    const quietHigh = { ...loud, high: [rule('h1', 'email', 0)] };
    expect(due(planNotifications(quietHigh, 'low', 'UTC', 0))).toEqual(['l2 1970-01-01T00:00']);
  });

  it('refuses an unknown zone', () => {
    expect(() => planNotifications(rules, 'low', 'Nowhere', 0)).toThrow(
      expect.objectContaining({ code: 'oncall.zone_unknown' }),
    );
  });
});

describe('planNotifications for random rules', () => {
  const list = fc.array(fc.record({ channel: fc.constantFrom(...channels), delay: fc.integer({ min: 0, max: 90 }) }), {
    maxLength: 5,
  });
  const clock = fc
    .integer({ min: 0, max: 47 })
    .map((half) => `${String(half >> 1).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`);
  const anyRules: fc.Arbitrary<PersonalRules> = fc.record({
    high: list.map((all) => all.map(({ channel, delay }, index) => rule(`h${index}`, channel, delay))),
    low: list.map((all) => all.map(({ channel, delay }, index) => rule(`l${index}`, channel, delay))),
    quietHours: fc.option(fc.record({ startTime: clock, endTime: clock })),
  });
  const startedAt = fc
    .tuple(scenes, fc.integer({ min: 0, max: 72 * 60 }))
    .map(([{ now, zone }, minutes]) => ({ zone, startedAt: now + minutes * minuteMs }));
  const loudness = (one: PlannedNotification): number => channels.indexOf(one.channel);

  it('is never louder or earlier for low urgency than for high', () => {
    fc.assert(
      fc.property(anyRules, startedAt, ({ high, low, quietHours }, { zone, startedAt }) => {
        const one = { high, low, quietHours };
        const highPlan = planNotifications(one, 'high', zone, startedAt);
        for (const planned of planNotifications(one, 'low', zone, startedAt)) {
          expect(highPlan.some((other) => other.dueAt <= planned.dueAt && loudness(other) >= loudness(planned))).toBe(
            true,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leaves nothing out and moves nothing forward when nothing is wrong with the rules', () => {
    const valid = anyRules.filter((one) => notificationRuleProblems(one).length === 0);
    fc.assert(
      fc.property(valid, startedAt, (one, { zone, startedAt }) => {
        for (const urgency of ['high', 'low'] as const) {
          const planned = planNotifications(one, urgency, zone, startedAt);
          expect(planned.map((each) => each.ruleId).sort()).toEqual(one[urgency].map((each) => each.id).sort());
          for (const each of planned) {
            const own = one[urgency].find((candidate) => candidate.id === each.ruleId);
            const wishedAt = startedAt + (own?.delayMinutes ?? 0) * minuteMs;
            expect(each.dueAt).toBeGreaterThanOrEqual(wishedAt);
            if (urgency === 'high' || one.quietHours === null) expect(each.dueAt).toBe(wishedAt);
          }
        }
      }),
    );
  });

  it('lets low urgency wait for the first minute outside quiet hours, found by walking', () => {
    const wait = fc.record({ startTime: clock, endTime: clock }).filter((hours) => hours.startTime !== hours.endTime);
    fc.assert(
      fc.property(wait, startedAt, (quietHours, { zone, startedAt }) => {
        const one = { high: [rule('h', 'email', 0)], low: [rule('l', 'email', 0)], quietHours };
        const dueAt = planNotifications(one, 'low', zone, startedAt)[0]?.dueAt ?? 0;
        const periods = quietPeriods(quietHours, zone, startedAt);
        let free = startedAt;
        while (periods.some(([start, end]) => start <= free && free < end)) free += minuteMs;
        expect(toIso(dueAt)).toBe(toIso(free));
      }),
    );
  });

  /** Day by day with the time library alone, from the first occurrence of the start to the last of the end. */
  function quietPeriods(
    { startTime, endTime }: { startTime: string; endTime: string },
    zone: string,
    around: number,
  ): [number, number][] {
    const today = Temporal.Instant.fromEpochMilliseconds(around).toZonedDateTimeISO(zone).toPlainDate();
    return [-3, -2, -1, 0, 1, 2, 3].map((days) => {
      const day = today.add({ days });
      const end = (endTime > startTime ? day : day.add({ days: 1 })).toPlainDateTime(endTime);
      return [instantOf(day.toPlainDateTime(startTime), zone, 'earlier'), instantOf(end, zone, 'later')];
    });
  }

  function instantOf(shown: Temporal.PlainDateTime, zone: string, which: 'earlier' | 'later'): number {
    const moment = shown.toZonedDateTime(zone, { disambiguation: which });
    if (moment.toPlainDateTime().equals(shown)) return moment.epochMilliseconds;
    const before = shown.toZonedDateTime(zone, { disambiguation: 'earlier' });
    return before.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.NaN;
  }
});

describe('notificationRuleProblems', () => {
  it.each([
    ['good rules', rules, []],
    ['no rule for high urgency', { ...rules, high: [], low: [] }, [{ pointer: '/high', reason: 'empty' }]],
    ['no rule for low urgency', { ...rules, low: [] }, []],
    [
      'a negative delay',
      { ...rules, high: [...rules.high, rule('x', 'email', -1)] },
      [{ pointer: '/high/3/delayMinutes', reason: 'delay' }],
    ],
    [
      'half a minute',
      { ...rules, high: [...rules.high, rule('x', 'email', 0.5)] },
      [{ pointer: '/high/3/delayMinutes', reason: 'delay' }],
    ],
    ['the longest delay', { ...rules, high: [...rules.high, rule('x', 'email', maxDelayMinutes)] }, []],
    [
      'a longer delay',
      { ...rules, high: [...rules.high, rule('x', 'email', maxDelayMinutes + 1)] },
      [{ pointer: '/high/3/delayMinutes', reason: 'delay' }],
    ],
    [
      'an id used twice',
      { ...rules, low: [rule('h1', 'email', 0)] },
      [{ pointer: '/low/0/id', reason: 'duplicate_id' }],
    ],
    [
      'low urgency that is louder',
      { ...rules, low: [rule('l1', 'voice', 0)] },
      [{ pointer: '/low/0', reason: 'low_louder_than_high' }],
    ],
    ['low urgency as loud and as late', { ...rules, low: [rule('l1', 'voice', 5)] }, []],
    [
      'no clock time',
      { ...rules, quietHours: { startTime: '22:00', endTime: '25:00' } },
      [{ pointer: '/quietHours/endTime', reason: 'clock_time' }],
    ],
    [
      'a whole day of quiet',
      { ...rules, quietHours: { startTime: '22:00', endTime: '22:00' } },
      [{ pointer: '/quietHours', reason: 'whole_day' }],
    ],
  ] as const)('%s', (_, given, expected) => {
    expect(notificationRuleProblems(given)).toEqual(expected);
  });
});
