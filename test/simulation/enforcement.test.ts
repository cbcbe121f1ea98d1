import { describe, expect, it } from 'vitest';
import { enforcementScenario } from './enforcement-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

describe('an enforcement order in a hostile world', () => {
  const runs = simulateMany(enforcementScenario, simulationRuns());
  const records = runs.flatMap((run) => run.records);
  const seen = <T>(values: readonly T[]) => new Set(values);

  it('keeps its promises in every run', () => {
    expect(runs).toHaveLength(simulationRuns());
  });

  it.each([
    'awaiting_approval',
    'applying',
    'stopped',
    'apply_failed',
    'active',
    'permanent',
    'lifting',
    'lift_failed',
    'lifted',
    'reversed',
    'refused',
  ])('is sometimes %s', (status) => {
    expect(seen(records.map(({ state }) => state.status))).toContain(status);
  });

  it.each([
    'applied',
    'already_applied',
    'failed_transient',
    'failed_permanent',
    'stopped_by_kill_switch',
    'withdrawn',
  ])('sometimes hears %s', (result) => {
    const results = records.map(({ event }) => (event.type === 'actionSettled' ? event.result : null));
    expect(seen(results)).toContain(result);
  });

  it.each(['applied', 'failed', 'refused', 'approval_expired', 'cancelled', 'reversed'])(
    'sometimes tells its case %s',
    (outcome) => {
      const told = records.flatMap(({ effects }) =>
        effects.map((effect) => (effect.type === 'tellCase' ? effect.outcome : null)),
      );
      expect(seen(told)).toContain(outcome);
    },
  );

  it.each(['apply_failed', 'lift_failed', 'notice_failed', 'approval_expired', 'kill_switch_held'])(
    'sometimes escalates %s',
    (reason) => {
      const opened = records.flatMap(({ effects }) =>
        effects.map((effect) => (effect.type === 'openEscalation' ? effect.reason : null)),
      );
      expect(seen(opened)).toContain(reason);
    },
  );

  it.each(['restricted', 'made_permanent', 'reversed'])('sometimes sends the notice %s', (kind) => {
    const sent = records.flatMap(({ effects }) =>
      effects.map((effect) => (effect.type === 'sendNotice' ? effect.kind : null)),
    );
    expect(seen(sent)).toContain(kind);
  });

  it.each([
    'decision.person_required',
    'auth.forbidden',
    'enforcement.synthetic',
    'enforcement.target_unfit',
    'enforcement.same_person',
    'enforcement.not_awaiting_approval',
    'enforcement.not_in_force',
    'enforcement.not_permanent_kind',
    'enforcement.already_reversed',
    'enforcement.ended',
    'enforcement.nothing_to_retry',
    'enforcement.stopped',
  ])('sometimes refuses with %s', (code) => {
    const codes = runs.flatMap(({ refusals }) =>
      refusals.map(({ step }) => (step.outcome === 'refused' ? step.code : null)),
    );
    expect(seen(codes)).toContain(code);
  });

  it('is sometimes cancelled by a lift, because nobody knows whether it was applied', () => {
    const unsure = runs.some(
      ({ final }) => final.status === 'reversed' && final.applyUncertain && final.appliedAt === null,
    );
    expect(unsure).toBe(true);
  });

  it.each(['awaiting_approval', 'applying', 'stopped', 'apply_failed', 'active', 'permanent', 'lift_failed', 'lifted'])(
    'is sometimes reversed while %s',
    (status) => {
      const reversed = records.filter(({ event }) => event.type === 'reverse');
      expect(seen(reversed.map(({ before }) => before.status))).toContain(status);
    },
  );

  it.each(['permanent', 'apply_failed', 'lift_failed'])('sometimes rests as %s', (status) => {
    expect(seen(runs.map(({ final }) => final.status))).toContain(status);
  });
});
