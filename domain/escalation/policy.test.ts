import { assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayMs, minuteMs, secondMs } from '../time.ts';
import { freezePolicy, urgencyOf } from './policy.ts';
import type { PolicyDocument } from './policy.ts';
import { validatePolicy } from './validate-policy.ts';

const valid: PolicyDocument = {
  rungs: [
    {
      targets: [{ kind: 'schedule', scheduleId: 'sch_1' }],
      ackWithinMs: 5 * minuteMs,
      conditions: { hours: 'working' },
    },
    { targets: [{ kind: 'person', personId: 'per_1' }], ackWithinMs: 10 * secondMs, requiredAcks: 1 },
  ],
  catchAllPersonId: 'per_9',
  ackTimeoutMs: 30 * minuteMs,
  workingHours: { zone: 'Europe/London', windows: [{ weekdays: [1, 2, 3, 4, 5], fromMinute: 540, toMinute: 1080 }] },
};
const [first, second] = valid.rungs;
const withRung = (change: object): PolicyDocument => ({
  ...valid,
  rungs: [{ ...first, ...change } as NonNullable<typeof first>],
});
const withWindow = (change: object): PolicyDocument => ({
  ...valid,
  workingHours: { zone: 'Europe/London', windows: [{ weekdays: [1], fromMinute: 0, toMinute: 1440, ...change }] },
});

describe('a policy document', () => {
  it('without problems has none', () => {
    expect(validatePolicy(valid)).toEqual([]);
  });

  it.each<[string, string, PolicyDocument]>([
    ['/rungs', 'empty', { ...valid, rungs: [] }],
    ['/rungs', 'too_many', { ...valid, rungs: Array.from({ length: 21 }, () => second as NonNullable<typeof second>) }],
    ['/rungs/0/targets', 'empty', withRung({ targets: [] })],
    ['/rungs/0/targets/0', 'empty', withRung({ targets: [{ kind: 'person', personId: '' }] })],
    [
      '/rungs/0/targets/1',
      'duplicate',
      withRung({
        targets: [
          { kind: 'person', personId: 'a' },
          { kind: 'person', personId: 'a' },
        ],
      }),
    ],
    ['/rungs/0/ackWithinMs', 'ack_within', withRung({ ackWithinMs: 10 * secondMs - 1 })],
    ['/rungs/0/ackWithinMs', 'ack_within', withRung({ ackWithinMs: dayMs + 1 })],
    ['/rungs/0/ackWithinMs', 'ack_within', withRung({ ackWithinMs: Number.NaN })],
    ['/rungs/0/requiredAcks', 'required_acks', withRung({ requiredAcks: 0 })],
    [
      '/rungs/0/requiredAcks',
      'more_acks_than_people',
      withRung({ targets: [{ kind: 'person', personId: 'a' }], requiredAcks: 2 }),
    ],
    ['/rungs/0/conditions/severityAtMost', 'severity', withRung({ conditions: { severityAtMost: 5 } })],
    ['/rungs/0/conditions/hours', 'no_working_hours', { ...valid, workingHours: null }],
    ['/catchAllPersonId', 'empty', { ...valid, catchAllPersonId: '' }],
    ['/repeat', 'repeat', { ...valid, repeat: -1 }],
    ['/repeat', 'repeat', { ...valid, repeat: 21 }],
    ['/ackTimeoutMs', 'ack_timeout', { ...valid, ackTimeoutMs: secondMs }],
    ['/unackGraceMs', 'unack_grace', { ...valid, unackGraceMs: dayMs }],
    ['/rePage/onFiringCountAbove', 'firing_count', { ...valid, rePage: { onFiringCountAbove: 0 } }],
    ['/highUrgencyUpTo', 'severity', { ...valid, highUrgencyUpTo: 5 as 4 }],
    [
      '/workingHours/zone',
      'zone',
      { ...valid, workingHours: { zone: 'Mars/Olympus', windows: [{ weekdays: [1], fromMinute: 0, toMinute: 1 }] } },
    ],
    ['/workingHours/windows', 'empty', { ...valid, workingHours: { zone: 'UTC', windows: [] } }],
    ['/workingHours/windows/0/weekdays', 'weekday', withWindow({ weekdays: [0] })],
    ['/workingHours/windows/0', 'minutes', withWindow({ fromMinute: 600, toMinute: 600 })],
  ])('names %s: %s', (pointer, reason, document) => {
    expect(validatePolicy(document)).toEqual([{ pointer, reason }]);
  });

  it('may ask more people of a schedule than there are targets, since several can be on call', () => {
    expect(validatePolicy(withRung({ requiredAcks: 3 }))).toEqual([]);
  });
});

describe('urgency', () => {
  it('is never lower for a worse severity', () => {
    const severity = constantFrom(1, 2, 3, 4);
    assert(
      property(constantFrom(0, 1, 2, 3, 4), severity, severity, (highUrgencyUpTo, a, b) => {
        const policy = freezePolicy({ ...valid, highUrgencyUpTo }, { policyVersionId: 'epv_1', version: 1 });
        const [worse, milder] = [Math.min(a, b), Math.max(a, b)] as [1, 4];
        if (urgencyOf(policy, milder) === 'high') expect(urgencyOf(policy, worse)).toBe('high');
      }),
    );
  });
});

describe('a frozen policy', () => {
  it('has every default laid under it', () => {
    const { rungs, ...rest } = freezePolicy(
      { rungs: valid.rungs, catchAllPersonId: 'per_9' },
      { policyVersionId: 'epv_1', version: 4 },
    );
    expect(rest).toEqual({
      policyVersionId: 'epv_1',
      version: 4,
      repeat: 0,
      catchAllPersonId: 'per_9',
      ackTimeoutMs: null,
      unackGraceMs: 10 * secondMs,
      rePage: { onSeverityRise: true, onFiringCountAbove: null },
      highUrgencyUpTo: 2,
      workingHours: null,
    });
    expect(rungs).toMatchObject([
      { requiredAcks: 1, conditions: { severityAtMost: null, hours: 'working' } },
      { requiredAcks: 1, conditions: null },
    ]);
  });
});
