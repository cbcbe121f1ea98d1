import { beforeAll, describe, expect, it } from 'vitest';
import { escalationErrors } from '#domain/escalation/errors.ts';
import { Coverage } from './coverage.ts';
import type { LadderRun } from './escalation-invariants.ts';
import { escalationScenario } from './escalation-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

const runs = simulationRuns();
/** Runs are let go of in portions: all of them together would not fit into memory. */
const portion = 100;
const coverage = new Coverage();

function look({ records, refusals, performed }: LadderRun): void {
  for (const { event, before, state } of records) {
    coverage.see('status pair', `${before.status}>${state.status}`);
    coverage.see('event in status', `${event.type}@${before.status}`);
    coverage.see('phase', state.walk.phase);
    coverage.see('walk begun because', state.walk.reason);
    for (const one of state.happened) {
      coverage.see('happening', one.what);
      if (one.what === 'paged') coverage.see('page reason', one.reason);
      if (one.what === 'rung_skipped') coverage.see('rung skipped because', one.reason);
    }
  }
  for (const { event, step } of refusals) {
    if (step.outcome === 'refused') coverage.see('refusal', step.code);
    coverage.see('event refused', event.type);
  }
  for (const { effect, attempts } of performed)
    coverage.see('effect', attempts > 1 ? `${effect.type} again` : effect.type);
}

const pairs = {
  triggered: ['triggered', 'acknowledged', 'snoozed', 'held', 'exhausted', 'resolved'],
  acknowledged: ['triggered', 'acknowledged', 'snoozed', 'held', 'resolved'],
  snoozed: ['triggered', 'acknowledged', 'snoozed', 'held', 'resolved'],
  held: ['triggered', 'acknowledged', 'held', 'resolved'],
  exhausted: ['triggered', 'acknowledged', 'snoozed', 'held', 'exhausted', 'resolved'],
  resolved: ['resolved'],
};

/** Each event in each status in which it may move the ladder. */
const open = ['triggered', 'acknowledged', 'snoozed', 'held', 'exhausted'];
const moves = {
  opened: ['triggered'],
  due: open,
  rungResolved: ['triggered', 'exhausted'],
  peopleResolved: ['triggered', 'acknowledged', 'held', 'exhausted'],
  pageSettled: [...open, 'resolved'],
  sourceChanged: open,
  maintenanceStarted: open,
  maintenanceEnded: open,
  rosterChanged: ['triggered', 'exhausted'],
  acknowledge: open,
  unacknowledge: ['acknowledged'],
  escalateNow: ['triggered', 'acknowledged', 'snoozed', 'exhausted'],
  reassign: open,
  snooze: ['triggered', 'acknowledged', 'snoozed', 'exhausted'],
  resolve: open,
  addResponder: ['triggered', 'acknowledged', 'exhausted'],
  stopOwnPages: ['triggered', 'acknowledged', 'held', 'exhausted'],
  moveToCurrentPolicy: open,
};

describe(`${runs} seeded escalations`, () => {
  beforeAll(() => {
    for (let from = 1; from <= runs; from += portion) {
      for (const run of simulateMany(escalationScenario, Math.min(portion, runs - from + 1), from)) look(run);
    }
    console.log(coverage.toString());
  }, 900_000);

  it('go through every pair of states that the table knows', () => {
    const expected = Object.entries(pairs).flatMap(([from, tos]) => tos.map((to) => `${from}>${to}`));
    expect(coverage.missing('status pair', expected)).toEqual([]);
  });

  it('let every event move the ladder in every state in which it may', () => {
    const expected = Object.entries(moves).flatMap(([type, statuses]) => statuses.map((status) => `${type}@${status}`));
    expect(coverage.missing('event in status', expected)).toEqual([]);
  });

  it('give every refusal', () => {
    const unreachable = ['escalation.policy_invalid', 'escalation.too_many_responders'];
    // Those of links are not the machine's.
    const ofMachine = Object.keys(escalationErrors).filter((code) => code.startsWith('escalation.'));
    const codes = ofMachine.filter((code) => !unreachable.includes(code));
    expect(coverage.missing('refusal', [...codes, 'decision.person_required', 'aggregate.version_conflict'])).toEqual(
      [],
    );
  });

  it('page, skip, begin and happen in every way there is', () => {
    const reasons = [
      'rung',
      'personal_rule',
      'catch_all',
      're_page',
      'ack_timeout',
      'added_responder',
      'next_channel',
      'drill',
    ];
    expect(coverage.missing('page reason', reasons)).toEqual([]);
    const skips = ['nobody', 'unreachable', 'severity', 'hours', 'unresolved'];
    expect(coverage.missing('rung skipped because', skips)).toEqual([]);
    const begun = [
      'opened',
      'unacknowledged',
      'escalated',
      'reassigned',
      'policy_changed',
      'ack_timeout',
      'snooze_ended',
      'hold_ended',
      'severity_rose',
    ];
    expect(coverage.missing('walk begun because', begun)).toEqual([]);
    expect(coverage.missing('phase', ['grace', 'resolving', 'waiting', 'parked', 'stopped'])).toEqual([]);
    const rare = [
      'wait_extended',
      'low_urgency_waits',
      'page_held_back',
      'person_unreached',
      'waits_for_a_person',
      'firing_count_passed',
      'told_resolved',
    ];
    expect(coverage.missing('happening', rare)).toEqual([]);
    expect(
      coverage.missing('effect', ['page again', 'resolveRung again', 'resolvePeople again', 'tellResolved again']),
    ).toEqual([]);
  });
});
