import { describe, expect, it } from 'vitest';
import { minuteMs } from '../time.ts';
import { changesWhatIsShown, isActionable } from './shown.ts';
import { LadderStory, person, policy, rung, rule, to } from '#test/support/ladder-story.ts';

const twoRungs = policy({ rungs: [rung(to('ann')), rung(to('bob'))], catchAllPersonId: 'zoe' });

function openStory(): LadderStory {
  const story = new LadderStory({ policy: twoRungs });
  for (const name of ['ann', 'bob', 'zoe']) story.world.rules[name] = [rule('chat')];
  return story.open();
}
/** The versions of the ladder that change what is shown, with what happened then. */
const news = (story: LadderStory) =>
  story.records.filter(({ state }) => changesWhatIsShown(state)).map(({ event }) => event.type);

describe('what changes what is shown', () => {
  it('is what people must know, not that pages leave or a rung passes', () => {
    const story = openStory().pass(6 * minuteMs);
    expect(story.ladder.walk.rung).toBe(1);
    expect(news(story)).toEqual(['opened']);
    story.acknowledge('ann');
    story.accept({ type: 'unacknowledge', by: person('ann') });
    story.pass(minuteMs);
    story.accept({ type: 'escalateNow', by: person('bob') });
    story.accept({ type: 'resolve', by: person('bob') });
    expect(news(story)).toEqual(['opened', 'acknowledge', 'unacknowledge', 'escalateNow', 'resolve']);
  });

  it('is a worse severity, and that nobody answered', () => {
    const story = new LadderStory({ policy: twoRungs, severity: 2 }).open();
    story.trigger({ severity: 1 });
    expect(news(story)).toContain('sourceChanged');
    story.trigger({ severity: 1 });
    expect(news(story).filter((type) => type === 'sourceChanged')).toHaveLength(1);
    story.pass(60 * minuteMs);
    expect(story.ladder.status).toBe('exhausted');
    expect(news(story)).toContain('due');
  });

  it('is a message that lands when it is no longer true', () => {
    const story = new LadderStory({ policy: twoRungs });
    story.world.rules['ann'] = [rule('chat')];
    story.world.result = () => null;
    story.open();
    const key = story.pages[0]?.key ?? '';
    story.acknowledge('bob');
    story.send({ type: 'pageSettled', effectKey: key, result: 'sent', deliveryId: 'dlv_1' });
    expect(news(story).at(-1)).toBe('pageSettled');
  });

  it('is no message of another channel', () => {
    const story = new LadderStory({ policy: twoRungs });
    story.world.rules['ann'] = [rule('sms')];
    story.world.result = () => null;
    story.open();
    const key = story.pages[0]?.key ?? '';
    story.acknowledge('bob');
    story.send({ type: 'pageSettled', effectKey: key, result: 'sent', deliveryId: 'dlv_1' });
    expect(news(story).at(-1)).toBe('acknowledge');
  });
});

describe('what can be acted on', () => {
  it('is a page of the present walk, while nobody has it', () => {
    const story = openStory();
    const key = story.pages[0]?.key ?? '';
    expect(isActionable(story.ladder, key)).toBe(true);
    story.pass(60 * minuteMs);
    expect([story.ladder.status, isActionable(story.ladder, key)]).toEqual(['exhausted', true]);
    story.acknowledge('ann');
    expect(isActionable(story.ladder, key)).toBe(false);
    story.accept({ type: 'unacknowledge', by: person('ann') });
    story.pass(minuteMs);
    expect([story.ladder.status, isActionable(story.ladder, key)]).toEqual(['triggered', false]);
    expect(isActionable(story.ladder, story.pages.at(-1)?.key ?? '')).toBe(true);
    expect(isActionable(story.ladder, 'unknown')).toBe(false);
  });
});
