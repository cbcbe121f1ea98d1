import assert from 'node:assert/strict';
import { isPageWanted } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import type { HappeningKind } from '#domain/escalation/happening.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type { LadderEffect, LadderEvent, PagePerson } from '#domain/escalation/messages.ts';
import { assertRungOrder } from './escalation-rung-order.ts';
import type { Recorded, Run } from './simulate.ts';

export type LadderRun = Run<Ladder, LadderEvent, LadderEffect>;
export type LadderRecord = Recorded<Ladder, LadderEvent, LadderEffect>;

export const pagesOf = (record: LadderRecord): PagePerson[] =>
  record.effects.filter((effect): effect is PagePerson => effect.type === 'page');

const wentOut = (result: string): boolean => ['sent', 'delivered', 'unknown', 'bundled'].includes(result);

/** What must hold of a whole run, judged from what went in and came out, not by the code under test. */
export function assertLadderRun(run: LadderRun): void {
  assertNeverSilent(run);
  assertRecorded(run);
  assertQuietAfterStops(run);
  assertRungOrder(run);
  assertFirstPagesPass(run);
  assertToldResolved(run);
}

/** I1: an open ladder waits for a time, or stands acknowledged, exhausted with its catch-all asked, or low and told. */
function assertNeverSilent(run: LadderRun): void {
  let triggers = 1;
  for (const { event, state, effects } of run.records) {
    const due = ladderMachine.nextDue(state);
    if (state.status === 'snoozed' || state.status === 'held') assert.notEqual(due, null, `${state.status} for ever`);
    assert.equal(state.snoozedUntilAt !== null, state.status === 'snoozed', 'a snooze outlives itself');
    if (state.status !== 'acknowledged') assert.equal(state.ackTimeoutAt, null, 'an acknowledgement outlives itself');
    if (state.status === 'triggered' && due === null) {
      assert.equal(state.urgency, 'low', 'a high urgency waits for nothing');
      const isOnItsWay = state.pages.some(({ key }) => isPageWanted(state, key));
      assert.ok(state.walk.reached > 0 || isOnItsWay, 'a low urgency waits though nobody was told');
    }
    if (state.happened.some(({ what }) => what === 'exhausted')) {
      const asked = effects.some((effect) => effect.type === 'resolvePeople' && effect.purpose === 'catch_all');
      assert.ok(asked, 'exhausted without asking for the catch-all');
    }
    if (event.type === 'sourceChanged' && event.kind === 'trigger') triggers++;
  }
  assert.equal(run.final.triggerCount, triggers, 'a trigger was not counted');
  if (run.final.status === 'resolved') assert.ok(run.final.resolution, 'resolved by nobody');
  assert.deepEqual(run.final.questions, [], 'a question was never answered');
}

/** What the record of an event must say it did; nothing for those whose doing depends. */
const saying: Partial<Record<LadderEvent['type'], HappeningKind>> = {
  pageSettled: 'page_settled',
  acknowledge: 'acknowledged',
  unacknowledge: 'unacknowledged',
  escalateNow: 'escalated',
  reassign: 'reassigned',
  snooze: 'snoozed',
  resolve: 'resolved',
  addResponder: 'responder_added',
  stopOwnPages: 'stopped_own_pages',
  moveToCurrentPolicy: 'policy_changed',
  sourceChanged: 'alert_merged',
  maintenanceStarted: 'maintenance_noted',
  maintenanceEnded: 'maintenance_noted',
};

/** I3: each transition, page and refusal has exactly one record, which says what was done. */
function assertRecorded(run: LadderRun): void {
  const pages: string[] = [];
  for (const record of run.records) {
    const { event, state, effects } = record;
    const kinds = state.happened.map(({ what }) => what);
    const needed = saying[event.type];
    if (needed) assert.equal(kinds.filter((kind) => kind === needed).length, 1, `${event.type} is not told once`);
    else if (event.type !== 'rungResolved' && event.type !== 'peopleResolved')
      assert.ok(kinds.length > 0, `${event.type} says nothing`);
    const told = state.happened.flatMap((one) => (one.what === 'paged' ? [one.key] : []));
    assert.deepEqual(
      told,
      pagesOf(record).map(({ key }) => key),
      'pages and their record differ',
    );
    pages.push(...told);
    const asked = kinds.filter((kind) => kind === 'rung_asked' || kind === 'people_asked').length;
    assert.equal(
      asked,
      effects.filter((effect) => effect.type.startsWith('resolve')).length,
      'questions and their record differ',
    );
    const ended = kinds.filter((kind) => kind === 'told_resolved').length;
    assert.equal(
      ended,
      effects.filter((effect) => effect.type === 'tellResolved').length,
      'tellings and their record differ',
    );
  }
  const natural = run.records.flatMap(pagesOf).map((page) => `${page.round} ${page.personId} ${page.ruleId}`);
  assert.equal(new Set(natural).size, natural.length, 'one rule paged twice for one question');
  const { started, held_back: _heldBack, ...byResult } = run.final.counts;
  assert.equal(started, pages.length, 'pages are not counted');
  assert.equal(
    Object.values(byResult).reduce((sum, count) => sum + count, 0),
    started,
    'results are not counted',
  );
  assert.equal(byResult.in_flight, 0, 'a page never settled');
  for (const { step } of run.refusals) assert.ok(step.outcome === 'refused' && step.code.length > 0);
}

/**
 * I4: what was asked before a complete acknowledgement, a snooze or a resolve never pages after it; nor a person by what
 * was asked before that person's own stop. While it is stopped, only a responder added since is paged.
 */
function assertQuietAfterStops(run: LadderRun): void {
  let stoppedRound = 0;
  let heldRound = Infinity;
  const stoppedFor = new Map<string, number>();
  const purposes = new Map<number, string>();
  for (const record of run.records) {
    const { event, before, state, effects } = record;
    for (const effect of effects) if ('purpose' in effect) purposes.set(effect.round, effect.purpose);
    for (const page of pagesOf(record)) {
      assert.ok(page.round > stoppedRound, `${page.key} was ordered before the stop`);
      assert.ok(page.round > (stoppedFor.get(page.personId) ?? 0), `${page.key} goes to someone who had stopped it`);
      if (before.status === 'held' && state.status === 'held') {
        assert.ok(page.round <= heldRound, `${page.key} was ordered while paging was withheld`);
      }
      if (state.status === 'acknowledged')
        assert.equal(purposes.get(page.round), 'added_responder', `${page.key} after the acknowledgement`);
      assert.ok(state.status !== 'snoozed' && state.status !== 'resolved', `${page.key} while ${state.status}`);
    }
    if (['acknowledged', 'snoozed', 'held', 'resolved'].includes(state.status)) {
      assert.ok(!effects.some((effect) => effect.type === 'resolveRung'), `a rung was asked while ${state.status}`);
    }
    if (event.type === 'acknowledge' || event.type === 'snooze' || event.type === 'resolve') {
      assert.deepEqual(pagesOf(record), [], `${event.type} paged`);
      if (event.type === 'acknowledge') stoppedFor.set(event.by.id, before.round);
    }
    const isStop = event.type === 'acknowledge' && state.status === 'acknowledged';
    if (isStop || state.status === 'snoozed' || state.status === 'resolved') {
      const wanted = state.pages.filter(({ key }) => isPageWanted(state, key));
      assert.deepEqual(wanted, [], `${event.type} left pages on their way`);
    }
    if (event.type === 'stopOwnPages') stoppedFor.set(event.by.id, startedRound(before, event.by.id));
    if (
      ['acknowledged', 'snoozed', 'resolved'].includes(state.status) &&
      (before.status !== state.status || event.type === 'acknowledge')
    ) {
      stoppedRound = before.round;
    }
    if (state.status === 'held' && before.status !== 'held') heldRound = state.round;
  }
}

/** The last question whose answer began a turn of this person. */
const startedRound = (ladder: Ladder, personId: string): number =>
  Math.max(0, ...ladder.responders.filter((one) => one.personId === personId).map(({ round }) => round));

/** The throttle never delays the first page of a person's turn when the urgency is high. */
function assertFirstPagesPass(run: LadderRun): void {
  for (const { state } of run.records) {
    for (const one of state.happened) {
      if (one.what !== 'page_held_back' || state.urgency === 'low') continue;
      const held = state.pending.find((rule) => rule.heldBack && rule.personId === one.personId);
      assert.equal(held?.first, false, `the first page to ${one.personId} was held back`);
    }
  }
}

/** After a resolve, those to whom a page went out are told, each once, and nobody else. */
function assertToldResolved(run: LadderRun): void {
  const personOf = new Map(run.records.flatMap(pagesOf).map((page) => [page.key, page.personId]));
  const reached = new Set<string>();
  const told: string[] = [];
  for (const { event, effects } of run.records) {
    if (event.type === 'pageSettled' && wentOut(event.result)) reached.add(personOf.get(event.effectKey) ?? '');
    told.push(...effects.flatMap((effect) => (effect.type === 'tellResolved' ? [effect.personId] : [])));
  }
  const { resolution } = run.final;
  if (resolution?.kind === 'person') reached.delete(resolution.personId);
  assert.deepEqual(told.toSorted(), resolution === null ? [] : [...reached].toSorted());
}
