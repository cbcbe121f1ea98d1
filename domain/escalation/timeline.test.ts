import { describe, expect, it } from 'vitest';
import { LadderStory, onCall, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import type { Json } from '../json.ts';
import { minuteMs, secondMs } from '../time.ts';
import { ladderMetrics } from './metrics.ts';
import { timeline, timelineText } from './timeline.ts';
import type { LadderAuditEvent } from './timeline.ts';

const system = { kind: 'system', id: 'vigil' } as const;

const eventsOf = (story: LadderStory): LadderAuditEvent[] =>
  story.records.map(({ at, event, state }) => ({
    version: state.version,
    at,
    actor: 'by' in event ? event.by : system,
    event: event as unknown as { type: string; [key: string]: Json },
    happened: state.happened,
  }));

function night(): LadderStory {
  const story = new LadderStory(
    { policy: policy({ rungs: [rung(onCall('sch_1')), rung(to('bob'))] }) },
    Date.UTC(2026, 2, 1, 3),
  );
  story.world.schedules['sch_1'] = [{ personId: 'ann' }];
  story.world.rules['ann'] = [rule('push'), rule('voice', 3 * minuteMs)];
  story.world.result = (page) => (page.channel === 'voice' ? null : 'sent');
  story.open().pass(3 * minuteMs);
  const voice = story.pages.at(-1)?.key ?? '';
  story.now += 4 * secondMs;
  story.accept({ type: 'pageSettled', effectKey: voice, result: 'delivered', deliveryId: 'dlv_7' });
  story.pass(2 * minuteMs);
  const seenVersion = story.ladder.version;
  story.accept({ type: 'acknowledge', by: person('bob'), seenVersion, noteId: 'not_1' });
  story.pass(minuteMs).accept({ type: 'resolve', by: person('bob') });
  return story;
}

describe('the timeline of an escalation', () => {
  it('as data: who was paged by which rule and schedule version, what became of it, and what the acknowledger saw', () => {
    const entries = timeline(eventsOf(night()));
    const pages = entries.filter(({ kind }) => kind === 'paged');
    expect(pages.map(({ fact, outcome }) => ({ fact, outcome }))).toMatchObject([
      { fact: { personId: 'ann', source: { scheduleId: 'sch_1', scheduleVersion: 1 } }, outcome: { result: 'sent' } },
      { fact: { personId: 'ann', channel: 'voice' }, outcome: { result: 'delivered', deliveryId: 'dlv_7' } },
      { fact: { personId: 'bob', rung: 1 }, outcome: { result: 'sent' } },
    ]);
    const acknowledged = entries.find(({ kind }) => kind === 'acknowledged');
    expect(acknowledged).toMatchObject({ actor: { id: 'bob' }, noteId: 'not_1', saw: { last: 'page to bob: sent' } });
  });

  it.each([
    ['page_link', 'bob acknowledged, by the link of a page'],
    ['chat', 'bob acknowledged, by chat'],
    ['text_message', 'bob acknowledged, by text message'],
    ['call', 'bob acknowledged, by a key pressed in a call'],
  ] as const)('says that an acknowledgement came by %s', (via, said) => {
    const story = new LadderStory({ policy: policy({ rungs: [rung(to('bob'))] }) }).open();
    story.accept({ type: 'acknowledge', by: person('bob'), via });
    expect(timeline(eventsOf(story)).find(({ kind }) => kind === 'acknowledged')?.text).toBe(said);
  });

  it('as text: a line for each thing that happened, without ids that have a name', () => {
    const names: Record<string, string> = {
      ann: 'the first responder',
      bob: 'the second responder',
      sch_1: 'Core nights',
    };
    const text = timelineText(timeline(eventsOf(night()), (id) => names[id] ?? id));
    expect(text).toBe(`2026-03-01T03:00:00.000Z  v1    the ladder begins: the escalation opened
2026-03-01T03:00:00.000Z  v1    looked up who is on rung 1 of pass 1
2026-03-01T03:00:00.000Z  v2    rung 1 of pass 1 has 1 person; waits until 2026-03-01T03:05:00.000Z
2026-03-01T03:00:00.000Z  v2    paged the first responder by push: their rung, rung 1 of pass 1, rule nrl_push_0, on call in Core nights version 1 (sent after 0 s)
2026-03-01T03:00:00.000Z  v3    page to the first responder: sent
2026-03-01T03:03:00.000Z  v4    paged the first responder by voice: their next rule, rung 1 of pass 1, rule nrl_voice_180000, on call in Core nights version 1 (delivered after 4 s)
2026-03-01T03:03:04.000Z  v5    page to the first responder: delivered
2026-03-01T03:05:00.000Z  v6    looked up who is on rung 2 of pass 1
2026-03-01T03:05:00.000Z  v7    rung 2 of pass 1 has 1 person; waits until 2026-03-01T03:10:00.000Z
2026-03-01T03:05:00.000Z  v7    paged the second responder by push: their rung, rung 2 of pass 1, rule nrl_push_0 (sent after 0 s)
2026-03-01T03:05:00.000Z  v8    page to the second responder: sent
2026-03-01T03:05:04.000Z  v9    the second responder acknowledged (saw version 8)
2026-03-01T03:06:04.000Z  v10   resolved by the second responder
2026-03-01T03:06:04.000Z  v10   told the first responder that it is resolved
`);
  });

  it('names refusals', () => {
    const refusal: LadderAuditEvent = {
      version: null,
      at: 0,
      actor: person('ann'),
      event: { type: 'snooze' },
      happened: [],
      refused: { code: 'escalation.held' },
    };
    expect(timelineText(timeline([refusal]))).toBe(
      '1970-01-01T00:00:00.000Z  -     ann was refused snooze: escalation.held\n',
    );
  });
});

describe('the measures of an escalation', () => {
  it('count from its opening: first attempt, first human, acknowledgement, end', () => {
    expect(ladderMetrics(night().ladder)).toEqual({
      toFirstAttemptMs: 0,
      toFirstHumanMs: 5 * minuteMs + 4 * secondMs,
      toAckMs: 5 * minuteMs + 4 * secondMs,
      toResolveMs: 6 * minuteMs + 4 * secondMs,
      pages: 3,
      unknownPages: 0,
      failedPages: 0,
    });
  });

  it('do not take an acknowledgement by someone who was not paged for a page that reached a human', () => {
    const story = new LadderStory().open();
    story.acknowledge('eve');
    expect(ladderMetrics(story.ladder)).toMatchObject({ toFirstHumanMs: null, toAckMs: 0 });
  });
});
