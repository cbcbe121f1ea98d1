import { describe, expect, it } from 'vitest';
import { LadderStory, onCall, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import { hourMs, minuteMs } from '../time.ts';

const who = (story: LadderStory) => story.pages.map((page) => `${page.personId}:${page.reason}`);

describe('low urgency', () => {
  it('tells its first people and goes no further', () => {
    const story = new LadderStory({ severity: 3, policy: policy({ repeat: 2 }) }).open().pass(100 * hourMs);
    expect(who(story)).toEqual(['ann:rung']);
    expect(story.ladder).toMatchObject({ status: 'triggered', walk: { phase: 'parked' } });
    expect(story.pages[0]?.urgency).toBe('low');
  });

  it('waits for rules that are late, as in quiet hours, before it takes anyone for unreachable', () => {
    const story = new LadderStory({ severity: 3 });
    story.world.rules['ann'] = [rule('email', 8 * hourMs)];
    story.open().pass(24 * hourMs);
    expect(story.pageList).toEqual([[480, 'ann', 'email', 'rung']]);
    expect(story.records.length).toBeLessThan(10);
  });

  it('goes on when nobody could be told, at the end to the catch-all, and never sooner than high urgency would', () => {
    const story = new LadderStory({ severity: 3, policy: policy({ repeat: 1 }) });
    story.world.result = (page) => (page.personId === 'zoe' ? 'delivered' : 'failed_permanent');
    story.open().pass(24 * hourMs);
    expect(story.pageList.map(([at, one]) => [at, one])).toEqual([
      [0, 'ann'],
      [5, 'bob'],
      [10, 'ann'],
      [15, 'bob'],
      [20, 'zoe'],
    ]);
    expect(story.ladder).toMatchObject({ status: 'exhausted', noOneReached: true });
  });

  it('goes on when a page that counted as sent turns out to have failed', () => {
    const story = new LadderStory({ severity: 3 });
    story.world.result = () => 'sent';
    story.open().pass(hourMs);
    const effectKey = story.pages[0]?.key ?? '';
    story.accept({ type: 'pageSettled', effectKey, result: 'failed_permanent', deliveryId: null });
    expect(who(story.pass(0))).toEqual(['ann:rung', 'bob:rung']);
  });

  it('goes on when the only page that is left to wait for is stopped by its receiver', () => {
    const story = new LadderStory({ severity: 3 });
    story.world.rules['ann'] = [rule('push'), rule('push', hourMs)];
    story.world.result = () => 'sent';
    story.open().pass(10 * minuteMs);
    const effectKey = story.pages[0]?.key ?? '';
    story.accept({ type: 'pageSettled', effectKey, result: 'failed_transient', deliveryId: null });
    expect(who(story.pass(minuteMs))).toEqual(['ann:rung']);
    story.accept({ type: 'stopOwnPages', by: person('ann') });
    expect(who(story.pass(0))).toEqual(['ann:rung', 'bob:rung']);
  });

  it('skips an empty rung like any other', () => {
    const story = new LadderStory({ severity: 3, policy: policy({ rungs: [rung(onCall('sch_1')), rung(to('bob'))] }) });
    expect(who(story.open())).toEqual(['bob:rung']);
  });

  it('becomes a ladder from its first rung when the severity rises to high', () => {
    const story = new LadderStory({ severity: 3, policy: policy({ rePage: { onSeverityRise: false } }) })
      .open()
      .pass(hourMs);
    story.trigger({ severity: 1 });
    story.pass(5 * minuteMs);
    expect(who(story)).toEqual(['ann:rung', 'ann:rung', 'bob:rung']);
  });

  it('may be held until a time; a rise to high ends that', () => {
    for (const rises of [true, false]) {
      const start = Date.UTC(2026, 0, 5, 9);
      const story = new LadderStory({ severity: 3, holdLowUntilAt: start + hourMs }, start).open();
      expect(story.ladder.status).toBe('held');
      story.pass(minuteMs);
      if (rises) story.trigger({ severity: 1 });
      story.pass(hourMs);
      expect(story.pageList[0]?.[0]).toBe(rises ? 1 : 60);
    }
  });

  it('is held no longer when the policy that a person moves it to makes it high', () => {
    const start = Date.UTC(2026, 0, 5, 9);
    const story = new LadderStory({ severity: 3, holdLowUntilAt: start + hourMs }, start).open();
    story.accept({ type: 'moveToCurrentPolicy', by: person('eve'), policy: policy({ highUrgencyUpTo: 4 }, 2) });
    expect(who(story)).toEqual(['ann:rung']);
  });
});

describe('what makes a ladder louder', () => {
  it('a worse severity pages the present rung again; later rules come no later for it', () => {
    const story = new LadderStory({ severity: 2 });
    story.world.rules['ann'] = [rule('push'), rule('voice', 2 * minuteMs)];
    story.open().pass(minuteMs);
    story.trigger({ severity: 1 });
    story.pass(4 * minuteMs);
    expect(story.pageList).toEqual([
      [0, 'ann', 'push', 'rung'],
      [1, 'ann', 'push', 're_page'],
      [2, 'ann', 'voice', 'personal_rule'],
      [5, 'bob', 'push', 'rung'],
    ]);
  });

  it('two rises before it is known who is on the rung page it once', () => {
    const story = new LadderStory({ severity: 4, policy: policy({ highUrgencyUpTo: 4 }) }).open();
    story.world.unanswered.push('resolveRung');
    story.trigger({ severity: 3 });
    story.trigger({ severity: 2 });
    const asked = story.effects.filter(({ type }) => type === 'resolveRung').slice(-2);
    const ann = { personId: 'ann', shadow: false, source: { kind: 'person' }, rules: [rule('push')] } as const;
    const outcomes = asked.map(({ key: effectKey }) => {
      const answer = {
        type: 'rungResolved',
        effectKey,
        pass: 0,
        rung: 0,
        people: [ann],
        hours: null,
        resampleAt: null,
      } as const;
      return story.send(answer).outcome;
    });
    expect(outcomes).toEqual(['ignored', 'moved']);
    expect(who(story)).toEqual(['ann:rung', 'ann:re_page']);
  });

  it('a severity that falls and rises again does not', () => {
    const story = new LadderStory({ severity: 1 }).open();
    story.trigger({ severity: 3 });
    story.trigger({ severity: 1 });
    expect(who(story)).toEqual(['ann:rung']);
    expect(story.ladder).toMatchObject({ severity: 1, sourceSeverity: 1, urgency: 'high' });
  });

  it('more firing alerts than the threshold do, once', () => {
    const story = new LadderStory({ policy: policy({ rePage: { onFiringCountAbove: 10 } }) }).open();
    for (const firingCount of [10, 11, 5, 50]) story.trigger({ firingCount });
    expect(who(story)).toEqual(['ann:rung', 'ann:re_page']);
  });

  it('more firing alerts while it is acknowledged do not use that up', () => {
    const story = new LadderStory({ policy: policy({ rePage: { onFiringCountAbove: 10 }, unackGraceMs: 0 }) }).open();
    story.acknowledge('ann');
    story.trigger({ firingCount: 11 });
    story.accept({ type: 'unacknowledge', by: person('ann') });
    story.trigger({ firingCount: 12 });
    expect(who(story)).toEqual(['ann:rung', 'ann:rung', 'ann:re_page']);
  });

  it('within the grace of an un-acknowledgement nothing does', () => {
    const story = new LadderStory({ severity: 3, policy: policy({ rePage: { onFiringCountAbove: 1 } }) }).open();
    story.acknowledge('ann');
    story.accept({ type: 'unacknowledge', by: person('ann') });
    story.trigger({ severity: 1, firingCount: 5 });
    expect(story.pages).toHaveLength(1);
    expect(story.pass(10_000).pages.at(-1)).toMatchObject({ urgency: 'high', reason: 'rung' });
  });

  it('a person who has acknowledged a rung that needs two is not paged again', () => {
    const rungs = [{ ...rung(to('ann'), to('bob')), requiredAcks: 2 }];
    const story = new LadderStory({ severity: 2, policy: policy({ rungs }) }).open();
    story.acknowledge('ann');
    story.trigger({ severity: 1 });
    expect(who(story)).toEqual(['ann:rung', 'bob:rung', 'bob:re_page']);
  });
});

describe('conditions of a rung', () => {
  const conditions = { severityAtMost: 1, hours: null } as const;

  it('skip it for a milder severity, and count it for a worse one', () => {
    const rungs = [{ ...rung(to('ann')), conditions }, rung(to('bob'))];
    expect(who(new LadderStory({ severity: 2, policy: policy({ rungs }) }).open())).toEqual(['bob:rung']);
    expect(who(new LadderStory({ severity: 1, policy: policy({ rungs }) }).open())).toEqual(['ann:rung']);
  });

  it('skip it outside its hours; when the hours are not known, it counts', () => {
    const rungs = [{ ...rung(to('ann')), conditions: { hours: 'working' as const } }, rung(to('bob'))];
    for (const [hours, first] of [
      ['working', 'ann'],
      ['outside', 'bob'],
      [null, 'ann'],
    ] as const) {
      const story = new LadderStory({ policy: policy({ rungs }) });
      story.world.hours = hours;
      expect(story.open().pages[0]?.personId).toBe(first);
    }
  });

  it('that leave no rung go to the catch-all at once', () => {
    const rungs = [{ ...rung(to('ann')), conditions }];
    const story = new LadderStory({ severity: 2, policy: policy({ rungs, repeat: 3 }) }).open();
    expect(who(story)).toEqual(['zoe:catch_all']);
    expect(story.ladder).toMatchObject({ status: 'exhausted', noOneReached: true });
  });
});

describe('a source', () => {
  it('does not resolve what still fires', () => {
    const story = new LadderStory().open();
    story.trigger({ kind: 'resolve', firingCount: 2 });
    expect(story.ladder.status).toBe('triggered');
    story.trigger({ kind: 'resolve', firingCount: 0 });
    expect(story.ladder.status).toBe('resolved');
  });

  it('does not close a drill before a person has acknowledged it', () => {
    const story = new LadderStory({ drill: { canaryId: 'can_1' } }).open();
    story.trigger({ kind: 'resolve', firingCount: 0 });
    expect(story.ladder.status).toBe('triggered');
    story.pass(5 * minuteMs);
    expect(story.pages).toHaveLength(2);
    expect(story.acknowledge('ann')).toMatchObject({ status: 'resolved' });
    expect(story.ladder).toMatchObject({ firstAckAt: story.now, resolution: { kind: 'source' } });
  });

  it('that fires again takes its resolve of a drill back', () => {
    const story = new LadderStory({ drill: { canaryId: 'can_1' } }).open();
    story.trigger({ kind: 'resolve', firingCount: 0 });
    story.trigger({ firingCount: 1 });
    expect(story.acknowledge('ann')).toMatchObject({ status: 'acknowledged' });
  });
});
