import { describe, expect, it } from 'vitest';
import { LadderStory, policy, rung, to } from '#test/support/ladder-story.ts';
import { minuteMs, secondMs } from '../time.ts';
import { pageTriedWithinMs } from './ladder-parts.ts';

const short = policy({ rungs: [{ ...rung(to('ann')), ackWithinMs: 10 * secondMs }, rung(to('bob'))] });
const who = (story: LadderStory) => story.pages.map(({ personId, at }) => [personId, at - story.ladder.openedAt]);

describe('a rung whose page may still lie untried with a process that was killed', () => {
  const lost = (story: LadderStory) => {
    story.world.result = () => null;
    return story.open();
  };

  it('is not left before another process must have tried it', () => {
    const story = lost(new LadderStory({ policy: short })).pass(minuteMs);
    expect(who(story)).toEqual([
      ['ann', 0],
      ['bob', pageTriedWithinMs],
    ]);
    expect(story.happened('wait_extended')).toHaveLength(1);
  });

  it('is left at its deadline once it was tried, whatever came of it', () => {
    for (const result of ['sent', 'unknown', 'failed_transient'] as const) {
      const story = new LadderStory({ policy: short });
      story.world.result = () => result;
      story.open().pass(minuteMs);
      expect(who(story)[1]).toEqual(['bob', 10 * secondMs]);
    }
  });

  it('is left on time when it is long enough that someone was surely tried: a hanging provider delays nobody', () => {
    const story = lost(new LadderStory()).pass(6 * minuteMs);
    expect(who(story)[1]).toEqual(['bob', 5 * minuteMs]);
  });

  it('waits anew after an outage of the machinery, which a late deadline shows', () => {
    const story = lost(new LadderStory());
    story.now += 20 * minuteMs;
    story.send({ type: 'due' });
    expect(who(story)).toHaveLength(1);
    story.pass(minuteMs);
    expect(who(story)[1]).toEqual(['bob', 20 * minuteMs + pageTriedWithinMs]);
  });

  it('is left at once when nobody waits for its pages any more', () => {
    const two = policy({ rungs: [{ ...rung(to('ann'), to('bob')), requiredAcks: 2, ackWithinMs: 10 * secondMs }] });
    const story = new LadderStory({ policy: two });
    story.world.result = ({ personId }) => (personId === 'ann' ? null : 'sent');
    story.open();
    story.acknowledge('ann');
    story.pass(10 * secondMs);
    expect(story.ladder.status).toBe('exhausted');
  });
});
