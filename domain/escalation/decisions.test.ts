import { describe, expect, it } from 'vitest';
import { LadderStory, person, policy, rung, to } from '#test/support/ladder-story.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';

const by = person('eve');
const who = (story: LadderStory) => story.pages.map((page) => page.personId);

describe('a decision', () => {
  it('is by a person, whatever it is', () => {
    const story = new LadderStory().open();
    const service = { kind: 'service', id: 'int_1' } as const;
    for (const event of [
      { type: 'acknowledge', by: service },
      { type: 'unacknowledge', by: service },
      { type: 'escalateNow', by: service },
      { type: 'snooze', by: service, until: story.now + hourMs },
      { type: 'resolve', by: service },
      { type: 'stopOwnPages', by: { kind: 'system', id: 'vigil' } },
      { type: 'addResponder', by: service, personId: 'dot', shadow: false },
      { type: 'reassign', by: service, to: { kind: 'person', personId: 'dot' } },
      { type: 'moveToCurrentPolicy', by: service, policy: policy({}, 2) },
    ] as const) {
      expect(story.send(event)).toMatchObject({ outcome: 'refused', code: 'decision.person_required' });
    }
  });
});

describe('a snooze', () => {
  it('ends in the future, at most seven days away', () => {
    const story = new LadderStory().open();
    const until = (at: number) => story.send({ type: 'snooze', by, until: at });
    expect(until(story.now)).toMatchObject({ code: 'escalation.snooze_in_past' });
    expect(until(story.now + 7 * dayMs + 1)).toMatchObject({ code: 'escalation.snooze_too_long' });
    expect(until(story.now + 7 * dayMs).outcome).toBe('moved');
  });

  it('can be moved, later and sooner', () => {
    const story = new LadderStory().open();
    const start = story.now;
    for (const hours of [1, 5, 2]) story.accept({ type: 'snooze', by, until: start + hours * hourMs });
    expect(story.pass(2 * hourMs - 1).pages).toHaveLength(1);
    expect(story.pass(1).pages).toHaveLength(2);
  });
});

describe('a reassignment', () => {
  it('to a person ends with the catch-all, and can be taken back to the very same policy', () => {
    const story = new LadderStory({ policy: policy({ repeat: 3 }) }).open();
    const same = story.ladder.policy;
    story.accept({ type: 'reassign', by, to: { kind: 'person', personId: 'gil' } });
    expect(who(story.pass(hourMs))).toEqual(['ann', 'gil', 'zoe']);
    story.accept({ type: 'moveToCurrentPolicy', by, policy: same });
    expect(who(story)).toEqual(['ann', 'gil', 'zoe', 'ann']);
    expect(story.send({ type: 'moveToCurrentPolicy', by, policy: same })).toMatchObject({
      code: 'escalation.policy_already_current',
    });
  });

  it('stops what the ladder before had ordered, also what is on its way', () => {
    const story = new LadderStory();
    story.world.result = () => null;
    story.open();
    story.accept({ type: 'reassign', by, to: { kind: 'person', personId: 'gil' } });
    expect(story.ladder.pages).toMatchObject([
      { personId: 'ann', cancelled: true },
      { personId: 'gil', cancelled: false },
    ]);
  });
});

describe('the move to the current policy', () => {
  const current = policy({ rungs: [rung(to('fay')), rung(to('gil'))], ackTimeoutMs: 2 * hourMs }, 2);

  it('begins an open ladder anew on it', () => {
    const story = new LadderStory().open();
    expect(story.accept({ type: 'moveToCurrentPolicy', by, policy: current })).toMatchObject({ status: 'triggered' });
    expect(who(story.pass(5 * minuteMs))).toEqual(['ann', 'fay', 'gil']);
  });

  it('keeps an acknowledgement; what follows it goes by the new policy, from its first rung', () => {
    const story = new LadderStory().open().pass(5 * minuteMs);
    story.acknowledge('bob');
    const { pass, rung } = story.ladder.walk;
    story.accept({ type: 'moveToCurrentPolicy', by, policy: current });
    expect(story.ladder).toMatchObject({ status: 'acknowledged', ackTimeoutAt: story.now + 2 * hourMs });
    const old = story.send({ type: 'escalateNow', by, asOfPage: { pass, rung } });
    expect(old).toMatchObject({ code: 'escalation.already_escalated' });
    story.accept({ type: 'escalateNow', by });
    expect(who(story)).toEqual(['ann', 'bob', 'fay']);
  });
});
