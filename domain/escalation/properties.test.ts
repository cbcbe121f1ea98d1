import { array, assert, boolean, constantFrom, integer, nat, property, record, uniqueArray } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadderStory, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import { hourMs, minuteMs } from '../time.ts';
import type { PolicyDocument } from './policy.ts';

const names = ['ann', 'bob', 'cid'] as const;
const document: Arbitrary<Partial<PolicyDocument>> = record({
  rungs: array(
    record({
      targets: uniqueArray(constantFrom(...names), { minLength: 1 }).map((chosen) => chosen.map(to)),
      ackWithinMs: integer({ min: 1, max: 20 }).map((minutes) => minutes * minuteMs),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  repeat: integer({ min: 0, max: 3 }),
});
const rules = uniqueArray(integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 });

function storyOf(
  severity: 1 | 3,
  document: Partial<PolicyDocument>,
  delays: readonly number[],
  works: boolean,
): LadderStory {
  const throttle = { perPersonWindowMs: minuteMs, maxPagesPerWindow: 100 };
  const story = new LadderStory({ severity, policy: policy(document), throttle });
  for (const name of [...names, 'zoe'])
    story.world.rules[name] = delays.map((minutes) => rule('push', minutes * minuteMs));
  story.world.result = () => (works ? 'delivered' : 'failed_permanent');
  return story.open();
}

describe('for any policy and rules', () => {
  it('low urgency never pages anyone sooner than high urgency would, and where pages arrive never more often', () => {
    assert(
      property(document, rules, boolean(), (document, delays, works) => {
        const pagesOf = (severity: 1 | 3) => storyOf(severity, document, delays, works).pass(48 * hourMs).pageList;
        const [high, low] = [pagesOf(1), pagesOf(3)];
        for (const [at, who] of low) {
          const until = (list: typeof low) => list.filter((page) => page[1] === who && page[0] <= at).length;
          expect(until(high)).toBeGreaterThanOrEqual(works ? until(low) : 1);
        }
      }),
    );
  });

  it('a ladder that nobody answers ends exhausted with the catch-all paged once, or low with someone told', () => {
    assert(
      property(
        document,
        rules,
        constantFrom(1 as const, 3 as const),
        boolean(),
        (document, delays, severity, works) => {
          const { ladder, pages } = storyOf(severity, document, delays, works).pass(1_000 * hourMs);
          const catchAll = pages.filter((page) => page.reason === 'catch_all').length;
          if (ladder.status === 'exhausted') expect(catchAll).toBe(1);
          else
            expect([ladder.status, ladder.urgency, ladder.walk.phase, catchAll]).toEqual([
              'triggered',
              'low',
              'parked',
              0,
            ]);
          expect(ladder.noOneReached).toBe(ladder.status === 'exhausted' && !works);
        },
      ),
    );
  });

  it('an acknowledgement at any moment is the end of all pages', () => {
    assert(
      property(
        document,
        rules,
        integer({ min: 0, max: 200 * minuteMs }),
        constantFrom(...names),
        (document, delays, at, who) => {
          const story = storyOf(1, document, delays, true).pass(at);
          story.accept({ type: 'acknowledge', by: person(who) });
          const before = story.pages.length;
          expect(story.pass(1_000 * hourMs).pages).toHaveLength(before);
          expect(story.ladder.status).toBe('acknowledged');
        },
      ),
    );
  });

  it('an acknowledgement against whatever is due at the same instant leaves state, log and pages in agreement', () => {
    assert(
      property(document, rules, nat(400), boolean(), (document, delays, minutes, ackFirst) => {
        const story = storyOf(1, document, delays, true).pass(minutes * minuteMs - 1);
        story.now += 1;
        const ack = { type: 'acknowledge', by: person('ann') } as const;
        if (ackFirst) story.accept(ack);
        story.send({ type: 'due' });
        if (!ackFirst) story.accept(ack);
        const { ladder, pages } = story.pass(1_000 * hourMs);
        expect(ladder.status).toBe('acknowledged');
        expect(ladder.counts.started).toBe(pages.length);
        expect(story.happened('paged').map(({ key }) => key)).toEqual(pages.map(({ key }) => key));
        if (ackFirst)
          expect(pages.every((page) => page.at < ladder.openedAt + minutes * minuteMs || minutes === 0)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('a rung of nobody but people without rules is passed over like an empty one', () => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('ann')), rung(to('bob'))] }) });
    story.world.rules['ann'] = [];
    expect(story.open().pageList).toEqual([[0, 'bob', 'push', 'rung']]);
    expect(story.happened('rung_skipped')).toMatchObject([{ reason: 'unreachable' }]);
  });
});
