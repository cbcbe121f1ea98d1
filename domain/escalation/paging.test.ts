import { describe, expect, it } from 'vitest';
import { LadderStory, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import { hourMs, minuteMs, secondMs } from '../time.ts';
import { mayBeBundled } from './ladder.ts';
import type { Ladder } from './ladder.ts';
import { ladderMachine } from './machine.ts';

const threeWays = [rule('push'), rule('sms', 2 * minuteMs), rule('voice', 4 * minuteMs)];

describe('personal rules', () => {
  it('are timers of the ladder, and stop with the acknowledgement', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = threeWays;
    story.open().pass(3 * minuteMs);
    story.acknowledge('ann');
    story.pass(hourMs);
    expect(story.pageList).toEqual([
      [0, 'ann', 'push', 'rung'],
      [2, 'ann', 'sms', 'personal_rule'],
    ]);
  });

  it('go on after the next rung was paged, until someone acknowledges', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = [rule('push'), rule('voice', 7 * minuteMs)];
    story.open().pass(8 * minuteMs);
    expect(story.pageList.map(([at, who]) => [at, who])).toEqual([
      [0, 'ann'],
      [5, 'bob'],
      [7, 'ann'],
    ]);
  });

  it('begin anew when the same person is on a later rung; what is left is not doubled, nor put off', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('ann')), rung(to('ann'))] }) });
    story.world.rules['ann'] = [rule('push'), rule('voice', 7 * minuteMs)];
    story.open().pass(10 * minuteMs - 1);
    expect(story.pageList.map(([at, , channel]) => [at, channel])).toEqual([
      [0, 'push'],
      [5, 'push'],
      [7, 'voice'],
    ]);
  });

  it('with delays longer than a pass still come', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('ann'))], repeat: 3 }) });
    story.world.rules['ann'] = [rule('voice', 7 * minuteMs)];
    story.open().pass(20 * minuteMs - 1);
    expect(story.pageList.map(([at]) => at)).toEqual([7, 17]);
  });

  it('are stopped for one person alone by that person', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('ann'), to('bob'))] }) });
    story.world.rules['ann'] = threeWays;
    story.world.rules['bob'] = threeWays;
    story.open();
    expect(story.accept({ type: 'stopOwnPages', by: person('ann') })).toEqual({ status: 'triggered' });
    story.pass(3 * minuteMs);
    expect(story.pages.map((page) => page.personId)).toEqual(['ann', 'bob', 'bob']);
    const again = story.send({ type: 'stopOwnPages', by: person('ann') });
    expect(again).toMatchObject({ outcome: 'refused', code: 'escalation.no_own_pages' });
  });
});

describe('a page that fails', () => {
  it.each(['failed_permanent', 'failed_transient'] as const)(
    '%s: the next channel is tried now, not at its delay',
    (result) => {
      const story = new LadderStory();
      story.world.rules['ann'] = threeWays;
      story.world.result = (page) => (page.channel === 'push' ? result : 'delivered');
      story.open().pass(5 * minuteMs - 1);
      expect(story.pageList).toEqual([
        [0, 'ann', 'push', 'rung'],
        [0, 'ann', 'sms', 'next_channel'],
        [4, 'ann', 'voice', 'personal_rule'],
      ]);
    },
  );

  it('for good is not tried by the same way again, while one that may pass is', () => {
    for (const result of ['failed_permanent', 'failed_transient'] as const) {
      const story = new LadderStory();
      story.world.rules['ann'] = [rule('push'), rule('push', 3 * minuteMs)];
      story.world.result = () => result;
      story.open().pass(4 * minuteMs);
      expect(story.pages).toHaveLength(result === 'failed_permanent' ? 1 : 2);
      expect(story.happened('person_unreached')).toMatchObject([{ personId: 'ann' }]);
    }
  });

  it('by a later receipt moves on too', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = threeWays;
    story.world.result = () => 'sent';
    story.open().pass(minuteMs);
    const effectKey = story.pages[0]?.key ?? '';
    story.accept({ type: 'pageSettled', effectKey, result: 'failed_permanent', deliveryId: null });
    expect(story.pageList).toEqual([
      [0, 'ann', 'push', 'rung'],
      [1, 'ann', 'sms', 'next_channel'],
    ]);
  });

  it('after the person stopped own pages does not make the person unreachable', () => {
    const story = new LadderStory();
    story.world.result = () => null;
    story.open();
    story.accept({ type: 'stopOwnPages', by: person('ann') });
    const effectKey = story.pages[0]?.key ?? '';
    story.accept({ type: 'pageSettled', effectKey, result: 'failed_permanent', deliveryId: null });
    expect(story.happened('person_unreached')).toEqual([]);
  });

  it('after the acknowledgement pages nobody', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = threeWays;
    story.world.result = () => null;
    story.open();
    story.acknowledge('ann');
    const effectKey = story.pages[0]?.key ?? '';
    story.accept({ type: 'pageSettled', effectKey, result: 'failed_permanent', deliveryId: null });
    expect(story.pass(hourMs).pages).toHaveLength(1);
  });
});

describe('what is known of a page', () => {
  const settle = (
    first: 'sent' | 'unknown' | 'delivered' | 'bundled' | 'superseded' | 'failed_permanent',
    second: 'sent' | 'delivered' | 'failed_permanent',
  ) => {
    const story = new LadderStory();
    story.world.result = () => first;
    story.open();
    const effectKey = story.pages[0]?.key ?? '';
    return story.send({ type: 'pageSettled', effectKey, result: second, deliveryId: null }).outcome;
  };

  it.each([
    ['unknown', 'delivered', 'moved'],
    ['unknown', 'sent', 'moved'],
    ['sent', 'delivered', 'moved'],
    ['sent', 'failed_permanent', 'moved'],
    ['sent', 'sent', 'ignored'],
    ['delivered', 'sent', 'ignored'],
    ['delivered', 'failed_permanent', 'ignored'],
    ['superseded', 'delivered', 'ignored'],
    ['bundled', 'delivered', 'ignored'],
    ['bundled', 'failed_permanent', 'moved'],
    ['failed_permanent', 'delivered', 'ignored'],
  ] as const)('%s, then %s: %s', (first, second, outcome) => {
    expect(settle(first, second)).toBe(outcome);
  });

  it('is counted apart by result', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('ann'), to('bob'), to('cid'))] }) });
    const results = { ann: 'unknown', bob: 'delivered', cid: 'sent' } as const;
    story.world.result = (page) => results[page.personId as 'ann'];
    story.open();
    expect(story.ladder.counts).toMatchObject({ started: 3, unknown: 1, delivered: 1, sent: 1, in_flight: 0 });
  });

  it('is kept of the last hundred, and counted of all', () => {
    const rules = Array.from({ length: 150 }, (_, index) => rule('push', index * secondMs));
    const story = new LadderStory({ throttle: { perPersonWindowMs: minuteMs, maxPagesPerWindow: 1_000 } });
    story.world.rules['ann'] = rules;
    story.open().pass(4 * minuteMs);
    expect(story.ladder.pages).toHaveLength(100);
    expect(story.ladder.counts.started).toBe(150);
  });
});

describe('the throttle', () => {
  const throttle = { perPersonWindowMs: 10 * minuteMs, maxPagesPerWindow: 2 };
  const many = [0, 1, 2, 3, 4].map((minute) => rule(minute % 2 === 0 ? 'push' : 'sms', minute * minuteMs));

  it('holds what is too much back to the end of the window, as one page, and shows it', () => {
    const story = new LadderStory({
      throttle,
      policy: policy({ rungs: [{ ...rung(to('ann')), ackWithinMs: hourMs }] }),
    });
    story.world.rules['ann'] = many;
    story.open().pass(30 * minuteMs);
    expect(story.pageList.map(([at]) => at)).toEqual([0, 1, 10]);
    expect(story.pages.at(-1)).toMatchObject({ bundled: 3, ruleId: 'nrl_push_240000' });
    expect(story.ladder.counts.held_back).toBe(3);
    expect(story.ladder.responders).toMatchObject([{ personId: 'ann', heldBack: 3 }]);
  });

  it('never holds the first page of a turn back when the urgency is high', () => {
    const rungs = [rung(to('ann')), rung(to('ann')), rung(to('ann')), rung(to('ann'))];
    const story = new LadderStory({
      throttle,
      policy: policy({ rungs: rungs.map((one) => ({ ...one, ackWithinMs: minuteMs })) }),
    });
    story.open().pass(4 * minuteMs);
    expect(story.pageList.filter(([, who]) => who === 'ann').map(([at]) => at)).toEqual([0, 1, 2, 3]);
  });

  it('takes a page that another message stands for as gone out, and shows it', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = [rule('push', 0), rule('sms', minuteMs)];
    story.world.result = (page) => (page.channel === 'sms' ? 'bundled' : 'sent');
    story.open().pass(2 * minuteMs);
    expect(story.ladder.counts).toMatchObject({ started: 2, sent: 1, bundled: 1, held_back: 1, in_flight: 0 });
    expect(story.ladder.responders).toMatchObject([{ personId: 'ann', heldBack: 1, reachedBy: { channel: 'sms' } }]);
    expect(story.ladder.walk.reached).toBe(2);
  });

  it('counts bundles also of an escalation that opened before there were any', () => {
    const story = new LadderStory();
    story.world.result = () => null;
    story.open();
    const { bundled: _none, ...before } = story.ladder.counts;
    const old = { ...story.ladder, counts: before } as Ladder;
    const event = { effectKey: story.pages[0]?.key ?? '', result: 'bundled', deliveryId: 'dlv_1' } as const;
    const step = ladderMachine.transition(old, { type: 'pageSettled', ...event }, story.now);
    expect(step.outcome === 'moved' && step.state.counts).toMatchObject({ bundled: 1, in_flight: 0 });
  });

  it('leaves to another message what is not the first page of a high urgency, nor a drill', () => {
    const urgent = new LadderStory();
    urgent.world.rules['ann'] = [rule('push', 0), rule('sms', minuteMs)];
    urgent.open().pass(2 * minuteMs);
    expect(urgent.pages.map(({ key }) => mayBeBundled(urgent.ladder, key))).toEqual([false, true]);
    const low = new LadderStory({ severity: 4 }).open();
    expect(low.pages.map(({ key }) => mayBeBundled(low.ladder, key))).toEqual([true]);
    const drill = new LadderStory({ severity: 4, drill: { canaryId: 'can_1' } }).open();
    expect(drill.pages.map(({ key }) => mayBeBundled(drill.ladder, key))).toEqual([false]);
  });

  it('does not count a page that failed', () => {
    const story = new LadderStory({ throttle });
    story.world.rules['ann'] = many.slice(0, 3);
    story.world.result = (page) => (page.channel === 'push' ? 'failed_transient' : 'delivered');
    story.open().pass(5 * minuteMs - 1);
    expect(story.ladder.counts.held_back).toBe(0);
  });
});

describe('what a page carries', () => {
  it('nothing of the content when the service is sensitive, and that it is a drill when it is one', () => {
    const story = new LadderStory({ sensitive: true, drill: { canaryId: 'can_1' } }).open();
    expect(story.pages).toMatchObject([{ sensitive: true, reason: 'drill', urgency: 'high' }]);
  });
});
