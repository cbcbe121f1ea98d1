import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onCall, rung, to } from '#test/support/ladder-story.ts';
import { simulatedCase } from '#test/support/simulated-cases.ts';
import type { NotificationRule, ReachablePerson } from '../oncall/notification-rules.ts';
import type { Schedule } from '../oncall/schedule.ts';
import { hourMs, minuteMs } from '../time.ts';
import { freezePolicy } from './policy.ts';
import type { PolicyDocument } from './policy.ts';
import { simulateLadder } from './simulate.ts';
import type { OnCallSnapshot, Simulation, SimulationPlan } from './simulation.ts';

/** Sunday, 03:10 in London. */
const at = Date.UTC(2026, 11, 27, 3, 10);

const rule = (id: string, channel: NotificationRule['channel'], delayMinutes = 0): NotificationRule => ({
  id,
  channel,
  contactMethodId: `cmt_${id}`,
  delayMinutes,
});
const someone = (personId: string, change: Partial<ReachablePerson['rules']> = {}): ReachablePerson => ({
  personId,
  timeZone: 'Europe/London',
  rules: {
    high: [rule(`${personId}_push`, 'push')],
    low: [rule(`${personId}_mail`, 'email')],
    quietHours: null,
    ...change,
  },
});
/** Ann until 03:30, then Bob; Bob's mark makes him a shadow before. */
const rota: Schedule = {
  id: 'sch_1',
  version: 4,
  zone: 'Europe/London',
  layers: [{ id: 'lay_1', rotation: { kind: 'daily' }, start: '2026-12-26T03:30', participants: ['ann', 'bob'] }],
  overrides: [],
  temporarySchedules: [],
  marks: [],
};
const snapshot = (document: Partial<PolicyDocument> = {}, change: Partial<OnCallSnapshot> = {}): OnCallSnapshot => ({
  policy: freezePolicy(
    { rungs: [rung(onCall('sch_1')), rung(to('cid'))], catchAllPersonId: 'zoe', ...document },
    { policyVersionId: 'epv_1', version: 1 },
  ),
  schedules: [rota],
  people: [
    someone('ann', { high: [rule('ann_push', 'push'), rule('ann_voice', 'voice', 2)] }),
    ...['bob', 'cid', 'zoe'].map((personId) => someone(personId)),
  ],
  turns: {},
  ...change,
});
const plan = (change: Partial<SimulationPlan> = {}): SimulationPlan => ({
  at,
  forMs: 6 * hourMs,
  severity: 1,
  acknowledgements: [],
  silentIds: null,
  ...change,
});
const list = ({ pages, startedAt }: Simulation) =>
  pages.map((page) => [(page.at - startedAt) / minuteMs, page.personId, page.channel, page.reason]);

describe('a simulated ladder', () => {
  it('shows the whole ladder when nobody answers, with who is why on it', () => {
    const found = simulateLadder(snapshot(), plan());
    expect(list(found)).toEqual([
      [0, 'ann', 'push', 'rung'],
      [2, 'ann', 'voice', 'personal_rule'],
      [5, 'cid', 'push', 'rung'],
      [10, 'zoe', 'push', 'catch_all'],
    ]);
    expect(found).toMatchObject({ status: 'exhausted', noOneReached: false, nextAt: null, endedAt: at + 6 * hourMs });
    expect(found.pages[1]).toMatchObject({
      ruleId: 'ann_voice',
      ruleDelayMinutes: 2,
      source: { kind: 'schedule', scheduleId: 'sch_1', scheduleVersion: 4, layerId: 'lay_1' },
    });
    expect(found.pages[3]?.source).toEqual({ kind: 'catch_all' });
  });

  it('lets everyone but the silent answer within a minute', () => {
    expect(list(simulateLadder(snapshot(), plan({ silentIds: [] })))).toEqual([[0, 'ann', 'push', 'rung']]);
    const found = simulateLadder(snapshot(), plan({ silentIds: ['ann'] }));
    expect(list(found)).toEqual([
      [0, 'ann', 'push', 'rung'],
      [2, 'ann', 'voice', 'personal_rule'],
      [5, 'cid', 'push', 'rung'],
    ]);
    expect(found.status).toBe('acknowledged');
    expect(found.steps.at(-1)).toMatchObject({
      at: at + 6 * minuteMs,
      fact: { what: 'acknowledged', personId: 'cid' },
    });
  });

  it('lets a person acknowledge at a moment, after what falls due at it', () => {
    const acknowledgements = [{ personId: 'cid', afterMs: 5 * minuteMs }];
    const found = simulateLadder(snapshot({ ackTimeoutMs: 30 * minuteMs }), plan({ acknowledgements, forMs: hourMs }));
    expect(list(found)).toEqual([
      [0, 'ann', 'push', 'rung'],
      [2, 'ann', 'voice', 'personal_rule'],
      [5, 'cid', 'push', 'rung'],
      // 03:45: the acknowledgement has lapsed, and Bob is on call since 03:30.
      [35, 'bob', 'push', 'rung'],
      [35, 'cid', 'push', 'ack_timeout'],
      [40, 'cid', 'push', 'rung'],
      [45, 'zoe', 'push', 'catch_all'],
    ]);
  });

  it('tells a refusal, and goes on', () => {
    const marks = [{ id: 'mrk_1', kind: 'shadow' as const, personId: 'bob', startAt: at - hourMs, endAt: at + hourMs }];
    const acknowledgements = [{ personId: 'bob', afterMs: minuteMs }];
    const found = simulateLadder(snapshot({}, { schedules: [{ ...rota, marks }] }), plan({ acknowledgements }));
    expect(found.refusals).toEqual([{ at: at + minuteMs, personId: 'bob', code: 'escalation.shadow_cannot_stop' }]);
    expect(found.pages.filter(({ shadow }) => shadow).map(({ personId }) => personId)).toEqual(['bob']);
    expect(found.status).toBe('exhausted');
  });

  it('case 5: one second before a hand-off and at it, different people are paged', () => {
    const first = (seconds: number) =>
      simulateLadder(snapshot(), plan({ at: Date.UTC(2026, 11, 27, 3, 30, seconds), forMs: 0 })).pages[0]?.personId;
    expect([first(-1), first(0)]).toEqual(['ann', 'bob']);
  });

  it('goes on with a round robin where it stands, and does not turn it for others', () => {
    const turning = snapshot(
      { rungs: [rung({ kind: 'round_robin', scheduleId: 'sch_1' })], repeat: 2 },
      { turns: { sch_1: 5 } },
    );
    for (let time = 0; time < 2; time++) {
      expect(
        simulateLadder(turning, plan()).pages.flatMap(({ reason, personId }) => (reason === 'rung' ? [personId] : [])),
      ).toEqual(['bob', 'ann', 'bob']);
    }
  });

  it('keeps a low urgency for the end of quiet hours, and goes no further', () => {
    const quiet = someone('ann', { quietHours: { startTime: '22:00', endTime: '07:00' } });
    const people = [quiet, ...['bob', 'cid', 'zoe'].map((personId) => someone(personId))];
    const found = simulateLadder(snapshot({}, { people }), plan({ severity: 3 }));
    expect(found.urgency).toBe('low');
    expect(list(found)).toEqual([
      // Bob has no quiet hours, and is told when he comes on call.
      [20, 'bob', 'email', 'rung'],
      [230, 'ann', 'email', 'rung'],
    ]);
  });

  it('says what comes after the time that it looked at', () => {
    const found = simulateLadder(snapshot(), plan({ forMs: 3 * minuteMs }));
    expect(found).toMatchObject({ status: 'triggered', nextAt: at + 5 * minuteMs });
  });

  it('is cut off when far too much happens', () => {
    const endless = snapshot({ ackTimeoutMs: minuteMs });
    const found = simulateLadder(endless, plan({ silentIds: [], forMs: 7 * 24 * hourMs }));
    expect(found.endedAt).toBeLessThan(at + 7 * 24 * hourMs);
    expect(found.endedAt).toBeGreaterThan(at + 24 * hourMs);
  });

  it('leads to the same whenever it is asked, and changes nothing that it is given', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const given = simulatedCase(seed);
        const before = JSON.stringify(given);
        const found = simulateLadder(given.snapshot, given.plan);
        expect(simulateLadder(given.snapshot, given.plan)).toEqual(found);
        expect(JSON.stringify(given)).toBe(before);
        expect(found.pages.every(({ at }) => given.plan.at <= at && at <= found.endedAt)).toBe(true);
        expect(JSON.parse(JSON.stringify(found))).toEqual(found);
      }),
    );
  });
});
