import { describe, expect, it } from 'vitest';
import { LadderStory, onCall, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import { hourMs, minuteMs } from '../time.ts';

const who = (story: LadderStory) => story.pages.map((page) => `${page.personId}:${page.reason}`);

describe('several people', () => {
  const two = policy({ rungs: [{ ...rung(to('ann'), to('bob')), requiredAcks: 2 }, rung(to('cid'))] });

  it('a rung that needs two goes on after the first, who is left alone', () => {
    const story = new LadderStory({ policy: two });
    story.world.rules['ann'] = story.world.rules['bob'] = [rule('push'), rule('sms', 2 * minuteMs)];
    story.open();
    expect(story.acknowledge('ann')).toMatchObject({ status: 'triggered', acksMissing: 1 });
    expect(story.acknowledge('ann')).toMatchObject({ status: 'triggered', acksMissing: 1 });
    story.pass(2 * minuteMs);
    expect(who(story)).toEqual(['ann:rung', 'bob:rung', 'bob:personal_rule']);
    expect(story.acknowledge('bob')).toMatchObject({ status: 'acknowledged', acksMissing: 0 });
    expect(story.pass(hourMs).pages).toHaveLength(3);
  });

  it('the next rung has its own number of people', () => {
    const story = new LadderStory({ policy: two }).open();
    story.acknowledge('ann');
    story.pass(5 * minuteMs);
    expect(who(story)).toEqual(['ann:rung', 'bob:rung', 'cid:rung']);
    expect(story.acknowledge('cid')).toMatchObject({ status: 'acknowledged' });
  });

  it('someone who is being added acknowledges, and is not paged for it though others must acknowledge too', () => {
    const story = new LadderStory({ policy: two }).open();
    story.world.unanswered.push('resolvePeople');
    story.accept({ type: 'addResponder', by: person('ann'), personId: 'dot', shadow: false });
    const effectKey = story.effects.at(-1)?.key ?? '';
    story.acknowledge('dot');
    expect(story.send({ type: 'peopleResolved', effectKey, people: [] }).outcome).toBe('ignored');
  });

  it('an added responder is paged after an acknowledgement too, which stopped only what was before it', () => {
    const story = new LadderStory().open();
    story.world.rules['dot'] = [rule('push'), rule('voice', minuteMs), rule('sms', 10 * minuteMs)];
    story.acknowledge('ann');
    story.accept({ type: 'addResponder', by: person('ann'), personId: 'dot', shadow: false });
    story.pass(2 * minuteMs);
    expect(who(story)).toEqual(['ann:rung', 'dot:added_responder', 'dot:personal_rule']);
    expect(story.send({ type: 'addResponder', by: person('ann'), personId: 'dot', shadow: false })).toMatchObject({
      code: 'escalation.responder_exists',
    });
    story.acknowledge('dot');
    expect(story.pass(hourMs).pages).toHaveLength(3);
    expect(story.ladder.acknowledgedBy).toBe('ann');
  });

  it('an added responder can stop own pages before they were even looked up', () => {
    const story = new LadderStory().open();
    story.world.unanswered.push('resolvePeople');
    story.accept({ type: 'addResponder', by: person('ann'), personId: 'dot', shadow: false });
    const effectKey = story.effects.at(-1)?.key ?? '';
    story.accept({ type: 'stopOwnPages', by: person('dot') });
    expect(story.send({ type: 'peopleResolved', effectKey, people: [] }).outcome).toBe('ignored');
  });

  it('within the grace of an un-acknowledgement, one person is enough to restore it', () => {
    const story = new LadderStory({ policy: two }).open();
    story.acknowledge('ann');
    story.acknowledge('bob');
    story.accept({ type: 'unacknowledge', by: person('bob') });
    expect(story.acknowledge('bob')).toMatchObject({ status: 'acknowledged' });
  });

  it('nobody can be added while paging is withheld', () => {
    const story = new LadderStory().open();
    story.accept({ type: 'snooze', by: person('ann'), until: story.now + hourMs });
    const step = story.send({ type: 'addResponder', by: person('ann'), personId: 'dot', shadow: false });
    expect(step).toMatchObject({ code: 'escalation.paging_withheld', detail: { status: 'snoozed' } });
  });
});

describe('shadows', () => {
  const story = () => {
    const told = new LadderStory({ policy: policy({ rungs: [rung(onCall('sch_1'))] }) });
    told.world.schedules['sch_1'] = [{ personId: 'ann' }, { personId: 'sam', shadow: true }];
    return told.open();
  };

  it('are paged but cannot make the ladder quieter', () => {
    const told = story();
    expect(told.pages).toMatchObject([
      { personId: 'ann', shadow: false },
      { personId: 'sam', shadow: true },
    ]);
    const by = person('sam');
    const attempts = [
      { type: 'acknowledge', by },
      { type: 'snooze', by, until: told.now + hourMs },
      { type: 'resolve', by },
      { type: 'reassign', by, to: { kind: 'person', personId: 'sam' } },
    ] as const;
    for (const event of attempts) expect(told.send(event)).toMatchObject({ code: 'escalation.shadow_cannot_stop' });
    told.accept({ type: 'escalateNow', by });
  });

  it('of a rung with nobody else do not keep the ladder there', () => {
    const told = new LadderStory({ policy: policy({ rungs: [rung(onCall('sch_1')), rung(to('bob'))] }) });
    told.world.schedules['sch_1'] = [{ personId: 'sam', shadow: true }];
    expect(who(told.open())).toEqual(['bob:rung']);
  });

  it('of a later rung stay what they were: full responders of this walk', () => {
    const told = new LadderStory({ policy: policy({ rungs: [rung(to('ann')), rung(onCall('sch_1'))] }) });
    told.world.schedules['sch_1'] = [{ personId: 'bob' }, { personId: 'ann', shadow: true }];
    told.open().pass(5 * minuteMs);
    expect(told.acknowledge('ann')).toMatchObject({ status: 'acknowledged' });
  });

  it('become full responders when they are added as such', () => {
    const told = story();
    told.accept({ type: 'addResponder', by: person('ann'), personId: 'sam', shadow: false });
    expect(told.acknowledge('sam')).toMatchObject({ status: 'acknowledged' });
  });
});

describe('who is on call', () => {
  const document = policy({ rungs: [rung(onCall('sch_1')), rung(to('bob'))] });

  it('is asked again when the schedule changes: newcomers are paged, nobody else is, and the deadline stays', () => {
    const story = new LadderStory({ policy: document });
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.open().pass(4 * minuteMs);
    story.world.schedules['sch_1'] = [{ personId: 'ann' }, { personId: 'cid' }];
    story.accept({ type: 'rosterChanged', scheduleId: 'sch_1' });
    expect(who(story)).toEqual(['ann:rung', 'cid:rung']);
    expect(story.pass(minuteMs).pageList.at(-1)).toEqual([5, 'bob', 'push', 'rung']);
    expect(story.send({ type: 'rosterChanged', scheduleId: 'sch_9' }).outcome).toBe('ignored');
  });

  it('is asked again when the shift changes, also on a rung that was skipped because nobody was on it', () => {
    const story = new LadderStory({ policy: document });
    story.world.resampleAt = story.now + 3 * minuteMs;
    story.open();
    expect(who(story)).toEqual(['bob:rung']);
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.world.resampleAt = null;
    story.pass(3 * minuteMs);
    expect(story.pageList).toEqual([
      [0, 'bob', 'push', 'rung'],
      [3, 'ann', 'push', 'rung'],
    ]);
  });

  it('is not asked more than once a minute, whatever the schedule says', () => {
    const story = new LadderStory({ policy: document });
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.world.resampleAt = story.now;
    story.open().pass(5 * minuteMs - 1);
    expect(story.happened('rung_asked').filter(({ because }) => because === 'roster')).toHaveLength(4);
  });

  it('is still waited for when no one was reached', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(onCall('sch_1'))] }) });
    story.world.resampleAt = story.now + 8 * hourMs;
    story.open();
    expect(story.ladder).toMatchObject({ status: 'exhausted', noOneReached: true });
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.pass(8 * hourMs);
    expect(who(story)).toEqual(['zoe:catch_all', 'ann:rung']);
    expect(story.ladder.noOneReached).toBe(false);
  });

  it('may be learned late: the ladder does not wait for it for ever, and pages late rather than never', () => {
    const story = new LadderStory({ policy: document });
    story.world.unanswered.push('resolveRung');
    story.open();
    const key = story.effects[0]?.key ?? '';
    story.world.unanswered.pop();
    story.pass(5 * minuteMs);
    expect(who(story)).toEqual(['bob:rung']);
    const ann = { personId: 'ann', shadow: false, source: { kind: 'schedule' }, rules: [rule('push')] } as const;
    story.accept({
      type: 'rungResolved',
      effectKey: key,
      pass: 0,
      rung: 0,
      people: [ann],
      hours: null,
      resampleAt: null,
    });
    expect(who(story)).toEqual(['bob:rung', 'ann:rung']);
  });

  it('of a round robin keeps the turn when the rung is paged again', () => {
    const story = new LadderStory({
      severity: 2,
      policy: policy({ rungs: [rung({ kind: 'round_robin', scheduleId: 'sch_1' })] }),
    });
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.open();
    story.world.schedules['sch_1'] = [{ personId: 'bob' }];
    story.trigger({ severity: 1 });
    expect(who(story)).toEqual(['ann:rung', 'ann:re_page']);
  });
});

describe('a rota that changes while it is being asked who is on the rung', () => {
  it('is asked again, and the answer of before counts no more', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(onCall('sch_1'))] }) });
    story.world.unanswered.push('resolveRung');
    story.open();
    story.accept({ type: 'rosterChanged', scheduleId: 'sch_1' });
    expect(story.send({ type: 'rosterChanged', scheduleId: 'sch_9' }).outcome).toBe('ignored');
    const [before, after] = story.effects.filter(({ type }) => type === 'resolveRung').map(({ key }) => key);
    const answer = (effectKey: string | undefined, personId: string) => {
      const people = [{ personId, shadow: false, source: { kind: 'person' }, rules: [rule('push')] } as const];
      const at = { pass: 0, rung: 0, hours: null, resampleAt: null };
      return story.send({ type: 'rungResolved', effectKey: effectKey ?? '', people, ...at }).outcome;
    };
    expect([answer(before, 'ann'), answer(after, 'bob')]).toEqual(['ignored', 'moved']);
    expect(who(story)).toEqual(['bob:rung']);
  });
});

describe('an acknowledgement that lapses', () => {
  it('pages the acknowledger and whoever is on call now', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(onCall('sch_1'))], ackTimeoutMs: hourMs }) });
    story.world.schedules['sch_1'] = [{ personId: 'ann' }];
    story.open();
    story.acknowledge('ann');
    story.world.schedules['sch_1'] = [{ personId: 'bob' }];
    story.pass(hourMs);
    expect(who(story).toSorted()).toEqual(['ann:ack_timeout', 'ann:rung', 'bob:rung']);
  });

  it('pages someone who is both only once, and is put off by a second acknowledgement', () => {
    const story = new LadderStory({ policy: policy({ ackTimeoutMs: hourMs }) }).open();
    story.acknowledge('ann');
    story.pass(hourMs - 1);
    story.acknowledge('ann');
    expect(story.pass(hourMs - 1).pages).toHaveLength(1);
    expect(who(story.pass(1))).toEqual(['ann:rung', 'ann:rung']);
  });

  it('pages the acknowledger once also when the answer about the rung comes last', () => {
    const story = new LadderStory({ policy: policy({ ackTimeoutMs: hourMs }) }).open();
    story.acknowledge('ann');
    story.world.unanswered.push('resolveRung');
    story.pass(hourMs);
    expect(who(story)).toEqual(['ann:rung', 'ann:ack_timeout']);
    const effectKey = story.effects.findLast(({ type }) => type === 'resolveRung')?.key ?? '';
    const ann = { personId: 'ann', shadow: false, source: { kind: 'person' }, rules: [rule('push')] } as const;
    story.accept({ type: 'rungResolved', effectKey, pass: 1, rung: 0, people: [ann], hours: null, resampleAt: null });
    expect(story.pages).toHaveLength(2);
    expect(story.ladder.walk.phase).toBe('waiting');
  });
});
