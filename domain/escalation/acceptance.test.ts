import { describe, expect, it } from 'vitest';
import { LadderStory, onCall, person, policy, rule, rung, to } from '#test/support/ladder-story.ts';
import { hourMs, minuteMs, secondMs } from '../time.ts';
import { isPageWanted } from './ladder.ts';

const empty = (scheduleId: string) => rung(onCall(scheduleId));

describe('acceptance cases of the ladder', () => {
  it('case 9: an acknowledgement while the page is in flight supersedes it, and is accepted', () => {
    const story = new LadderStory();
    story.world.result = () => null;
    story.open();
    const key = story.pages[0]?.key ?? '';
    expect(isPageWanted(story.ladder, key)).toBe(true);
    expect(story.acknowledge('ann')).toMatchObject({ status: 'acknowledged', pagesSent: 0, pagesInFlight: 1 });
    expect(isPageWanted(story.ladder, key)).toBe(false);
    story.accept({ type: 'pageSettled', effectKey: key, result: 'superseded', deliveryId: 'dlv_1' });
    expect(story.ladder.counts).toMatchObject({ started: 1, superseded: 1, in_flight: 0 });
    expect(story.ladder.status).toBe('acknowledged');
    expect(story.pass(hourMs).pages).toHaveLength(1);
  });

  it('case 9: a page that slipped out before the acknowledgement is told in the answer and counted as sent', () => {
    const story = new LadderStory().open();
    expect(story.acknowledge('ann')).toMatchObject({
      stoppedRung: { pass: 0, rung: 0 },
      pagesSent: 1,
      pagesInFlight: 0,
    });
  });

  it('case 10: resolved before the first page has started, nobody is paged and nobody is told', () => {
    const story = new LadderStory();
    story.world.unanswered.push('resolveRung');
    story.open();
    story.accept({ type: 'resolve', by: person('eve') });
    const [asked] = story.effects;
    const late = {
      type: 'rungResolved',
      effectKey: asked?.key ?? '',
      pass: 0,
      rung: 0,
      people: [],
      hours: null,
      resampleAt: null,
    } as const;
    expect(story.send(late).outcome).toBe('ignored');
    expect(story.effects.filter(({ type }) => type !== 'resolveRung')).toEqual([]);
  });

  it('case 10: resolved after it, whoever was paged is told at once, but for the one who resolved', () => {
    const story = new LadderStory().open().pass(5 * minuteMs);
    const before = story.effects.length;
    expect(story.accept({ type: 'resolve', by: person('bob') })).toMatchObject({ told: 1 });
    expect(story.effects.slice(before)).toMatchObject([{ type: 'tellResolved', personId: 'ann', channel: 'push' }]);
  });

  it('case 10: a page in flight at the resolve is awaited, and its receiver told if it went out', () => {
    for (const result of ['sent', 'unknown', 'superseded', 'failed_permanent'] as const) {
      const story = new LadderStory();
      story.world.result = () => null;
      story.open();
      story.accept({ type: 'resolve', by: person('eve') });
      expect(story.effects.some(({ type }) => type === 'tellResolved')).toBe(false);
      story.accept({ type: 'pageSettled', effectKey: story.pages[0]?.key ?? '', result, deliveryId: null });
      const told = story.effects.filter(({ type }) => type === 'tellResolved').length;
      expect(told).toBe(result === 'sent' || result === 'unknown' ? 1 : 0);
    }
  });

  it('case 11: 100 triggers of one key are one escalation, count 100, one page', () => {
    const story = new LadderStory().open();
    for (let n = 1; n < 100; n++) story.trigger({ firingCount: n, alertEventId: `alr_${n}` });
    expect(story.ladder.triggerCount).toBe(100);
    expect(story.pages).toHaveLength(1);
    expect(story.trigger({ alertEventId: 'alr_99' }).outcome).toBe('ignored');
  });

  it('case 12: a trigger while acknowledged or snoozed pages nobody; a worse severity ends the snooze if the policy says so', () => {
    for (const onSeverityRise of [true, false]) {
      const story = new LadderStory({ severity: 2, policy: policy({ rePage: { onSeverityRise } }) }).open();
      story.acknowledge('ann');
      story.trigger({ severity: 2 });
      expect(story.pages).toHaveLength(1);
      story.accept({ type: 'snooze', by: person('ann'), until: story.now + hourMs });
      story.trigger({ severity: 2 });
      expect(story.pages).toHaveLength(1);
      story.trigger({ severity: 1 });
      expect(story.pages).toHaveLength(onSeverityRise ? 2 : 1);
      expect(story.ladder.status).toBe(onSeverityRise ? 'triggered' : 'snoozed');
    }
  });

  it('case 13: un-acknowledged and at once acknowledged again, zero pages', () => {
    const story = new LadderStory().open();
    story.acknowledge('ann');
    story.accept({ type: 'unacknowledge', by: person('ann') });
    story.pass(10 * secondMs - 1);
    story.acknowledge('ann');
    expect(story.pass(24 * hourMs).pages).toHaveLength(1);
  });

  it('case 14: an empty first rung is skipped at once', () => {
    const story = new LadderStory({ policy: policy({ rungs: [empty('sch_1'), rung(to('bob'))] }) }).open();
    expect(story.pageList).toEqual([[0, 'bob', 'push', 'rung']]);
    expect(story.happened('rung_skipped')).toMatchObject([{ pass: 0, rung: 0, reason: 'nobody' }]);
  });

  it('case 14: with all rungs empty and repeats, the catch-all is paged once, in few events, and the state says so', () => {
    const rungs = [empty('sch_1'), empty('sch_2'), empty('sch_3')];
    const story = new LadderStory({ policy: policy({ rungs, repeat: 9 }) }).open();
    expect(story.ladder).toMatchObject({ status: 'exhausted', noOneReached: true });
    expect(story.pass(48 * hourMs).pageList).toEqual([[0, 'zoe', 'push', 'catch_all']]);
    expect(story.records.length).toBeLessThanOrEqual(6);
  });

  for (const repeat of [0, 1, 3]) {
    it(`case 15: repeat ${repeat} means exactly ${repeat} extra passes`, () => {
      const story = new LadderStory({ policy: policy({ repeat }) }).open().pass(24 * hourMs);
      const pass = ['ann:rung', 'bob:rung'];
      const expected = [...Array.from({ length: repeat + 1 }, () => pass).flat(), 'zoe:catch_all'];
      expect(story.pages.map((page) => `${page.personId}:${page.reason}`)).toEqual(expected);
      expect(story.ladder.status).toBe('exhausted');
    });
  }

  it('case 15: escalated by force at the last rung, it goes round once', () => {
    const story = new LadderStory().open().pass(5 * minuteMs);
    story.accept({ type: 'escalateNow', by: person('bob') });
    expect(story.ladder.walk).toMatchObject({ pass: 1, rung: 0 });
    story.pass(24 * hourMs);
    expect(story.pageList.map(([at, who]) => [at, who])).toEqual([
      [0, 'ann'],
      [5, 'bob'],
      [5, 'ann'],
      [10, 'bob'],
      [15, 'zoe'],
    ]);
  });

  it('case 15: escalated when exhausted, it begins anew with all its repeats', () => {
    const story = new LadderStory({ policy: policy({ repeat: 1 }) }).open().pass(hourMs);
    story.pages.length = 0;
    story.accept({ type: 'escalateNow', by: person('bob') });
    story.pass(hourMs);
    expect(story.pages.map((page) => page.personId)).toEqual(['ann', 'bob', 'ann', 'bob', 'zoe']);
  });

  it('case 15: going round by force uses up a repeat', () => {
    const story = new LadderStory({ policy: policy({ repeat: 1 }) }).open().pass(5 * minuteMs);
    story.accept({ type: 'escalateNow', by: person('bob') });
    expect(story.pass(24 * hourMs).pages.map((page) => page.personId)).toEqual(['ann', 'bob', 'ann', 'bob', 'zoe']);
  });

  it('case 16: maintenance that starts in the middle lets running rules finish and pages no further rung', () => {
    const story = new LadderStory();
    story.world.rules['ann'] = [rule('push'), rule('voice', 3 * minuteMs)];
    story.open().pass(minuteMs);
    story.accept({ type: 'maintenanceStarted', windowId: 'mnt_1', until: story.now + hourMs });
    story.pass(hourMs - 1);
    expect(story.pageList).toEqual([
      [0, 'ann', 'push', 'rung'],
      [3, 'ann', 'voice', 'personal_rule'],
    ]);
    expect(story.ladder.status).toBe('held');
  });

  it('case 16: maintenance that ends early or expires begins the ladder at rung 0', () => {
    for (const early of [true, false]) {
      const story = new LadderStory().open().pass(5 * minuteMs);
      story.accept({ type: 'maintenanceStarted', windowId: 'mnt_1', until: story.now + hourMs });
      story.pages.length = 0;
      if (early) story.accept({ type: 'maintenanceEnded', windowId: 'mnt_1' });
      else story.pass(hourMs);
      expect(story.pages).toMatchObject([{ personId: 'ann', rung: 0, reason: 'rung' }]);
    }
  });

  it('case 16: an alert during maintenance is kept; of two windows the later end counts', () => {
    const maintenance = [{ windowId: 'mnt_1', untilAt: Date.UTC(2026, 0, 5, 10) }];
    const story = new LadderStory({ maintenance }).open();
    story.accept({ type: 'maintenanceStarted', windowId: 'mnt_2', until: story.now + 2 * hourMs });
    expect(story.pass(2 * hourMs - 1).pages).toEqual([]);
    expect(story.ladder.status).toBe('held');
    expect(story.pass(1).pageList).toEqual([[120, 'ann', 'push', 'rung']]);
  });

  it('case 16: windows that are over are forgotten', () => {
    const story = new LadderStory().open();
    for (let n = 0; n < 30; n++) {
      story.accept({ type: 'maintenanceStarted', windowId: `mnt_${n}`, until: story.now + minuteMs });
      story.pass(2 * minuteMs);
    }
    expect(story.ladder.maintenance).toHaveLength(1);
  });

  it('case 19: a personal rule that was added after the turn began takes part in the next turn only', () => {
    const story = new LadderStory({ policy: policy({ repeat: 1 }) }).open().pass(minuteMs);
    story.world.rules['ann'] = [rule('push'), rule('voice', 2 * minuteMs)];
    story.pass(12 * minuteMs);
    expect(story.pageList.filter(([, who]) => who === 'ann')).toEqual([
      [0, 'ann', 'push', 'rung'],
      [10, 'ann', 'push', 'rung'],
      [12, 'ann', 'voice', 'personal_rule'],
    ]);
  });

  it('case 20: a reply to a page from before the ladder began anew is refused with the reason', () => {
    const story = new LadderStory().open();
    const asOfDeliveryKey = story.pages[0]?.key ?? '';
    const seenVersion = story.ladder.version;
    story.acknowledge('ann');
    story.accept({ type: 'unacknowledge', by: person('eve') });
    story.pass(minuteMs);
    for (const seen of [{ asOfDeliveryKey }, { seenVersion }]) {
      const step = story.send({ type: 'acknowledge', by: person('ann'), ...seen });
      expect(step).toMatchObject({
        outcome: 'refused',
        code: 'escalation.stale_reply',
        detail: { anewBecause: 'unacknowledged' },
      });
    }
    const fresh = story.pages.at(-1)?.key ?? '';
    story.accept({ type: 'acknowledge', by: person('ann'), asOfDeliveryKey: fresh, seenVersion: story.ladder.version });
  });

  it('case 20: what the person saw is stale if it is of the version before the one that began the ladder anew', () => {
    const story = new LadderStory().open();
    story.acknowledge('ann');
    story.accept({ type: 'unacknowledge', by: person('ann') });
    const begun = story.ladder.version;
    const reply = (seenVersion: number) => story.send({ type: 'acknowledge', by: person('ann'), seenVersion });
    expect(reply(begun - 1)).toMatchObject({ code: 'escalation.stale_reply' });
    expect(reply(begun + 1)).toMatchObject({ code: 'aggregate.version_conflict', detail: { version: begun } });
    expect(reply(begun).outcome).toBe('moved');
  });

  it('case 20: to escalate as of a version before the present rung is refused', () => {
    const story = new LadderStory().open();
    const seenVersion = story.ladder.version;
    story.pass(5 * minuteMs);
    const step = story.send({ type: 'escalateNow', by: person('ann'), seenVersion });
    expect(step).toMatchObject({ code: 'escalation.already_escalated', detail: { pass: 0, rung: 1 } });
  });

  it('case 20: an acknowledgement of an earlier rung of the same walk is no stale reply', () => {
    const story = new LadderStory().open().pass(5 * minuteMs);
    const asOfDeliveryKey = story.pages[0]?.key ?? '';
    expect(story.accept({ type: 'acknowledge', by: person('ann'), asOfDeliveryKey })).toMatchObject({
      stoppedRung: { rung: 1 },
    });
  });
});
