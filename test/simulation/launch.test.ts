import { beforeAll, describe, expect, it } from 'vitest';
import { launchScenario } from './launch-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

/** Runs simulated at a time: a launch is large, and its invariants were checked within the run. */
const batch = 100;

describe('a launch in a hostile world', () => {
  const seen = new Set<string>();
  let runs = 0;

  beforeAll(() => {
    for (let from = 1; from <= simulationRuns(); from += batch) {
      const done = simulateMany(launchScenario, Math.min(batch, simulationRuns() - from + 1), from);
      runs += done.length;
      for (const { records, refusals } of done) {
        for (const { state, effects } of records) {
          seen.add(state.phase);
          if (state.stage !== null) seen.add(`${state.stage.percent} %`);
          if (state.tier !== null) seen.add(state.tier);
          for (const reason of Object.keys(state.holds)) seen.add(`held: ${reason}`);
          for (const effect of effects) seen.add(effect.type === 'remindOwner' ? effect.reminder : effect.type);
          if (effects.some((effect) => effect.type === 'pageOwner' && effect.reason === 'waiver_expired'))
            seen.add('waiver ended');
        }
        const last = records.at(-1)?.state.openings ?? [];
        if (last.some(({ waived }) => waived.length > 0)) seen.add('opened with a waiver');
        if (last.some(({ notApplicable }) => notApplicable.length > 0)) seen.add('opened with an exception');
        for (const { step } of refusals) if (step.outcome === 'refused') seen.add(step.code);
      }
    }
  }, 1_200_000);

  it('keeps its promises in every run', () => {
    expect(runs).toBe(simulationRuns());
  });

  it.each(['intake', 'readiness', 'stage', 'watch', 'sustained', 'aborted', '1 %', '10 %', '50 %', '100 %'])(
    'is sometimes in %s',
    (where) => {
      expect(seen).toContain(where);
    },
  );

  it.each(['T0', 'T1', 'T2', 'T3', 'opened with a waiver', 'opened with an exception', 'waiver ended'])(
    'is sometimes %s',
    (what) => {
      expect(seen).toContain(what);
    },
  );

  it.each([
    'severity_1_case',
    'check_failed',
    'detector_degraded',
    'capability_changed',
    'analysis_failed',
    'analysis_inconclusive',
    'requested',
  ])('is sometimes held for %s', (reason) => {
    expect(seen).toContain(`held: ${reason}`);
  });

  it.each(['runProbe', 'analyseStage', 'pageOwner', 'stageOpened', 'rolloutStopped'])(
    'sometimes asks for %s',
    (type) => {
      expect(seen).toContain(type);
    },
  );

  it.each([
    'due_in_7_days',
    'due_in_1_day',
    'due',
    'overdue',
    'evidence_stale',
    'result_stale',
    'waiver_ends_in_7_days',
    'waiver_ends_in_1_day',
    'condition_due',
  ])('sometimes reminds: %s', (reminder) => {
    expect(seen).toContain(reminder);
  });

  it.each([
    'decision.person_required',
    'launch.analysis_not_ready',
    'launch.check_not_reportable',
    'launch.closed',
    'launch.evidence_changed',
    'launch.evidence_invalid',
    'launch.evidence_not_asked',
    'launch.gate_closed',
    'launch.hold_changed',
    'launch.intake_invalid',
    'launch.intake_missing',
    'launch.no_claim',
    'launch.no_objection',
    'launch.not_on_hold',
    'launch.on_hold',
    'launch.own_evidence',
    'launch.result_invalid',
    'launch.role_required',
    'launch.same_person',
    'launch.sign_off_not_asked',
    'launch.soak_running',
    'launch.stage_order',
    'launch.tier_floor',
    'launch.tier_unchanged',
    'launch.too_many_roles',
    'launch.unknown_condition',
    'launch.unknown_requirement',
    'launch.unknown_waiver',
    'launch.unwaivable',
    'launch.waiver_limit',
    'launch.waiver_not_needed',
    'launch.waiver_pending',
    'launch.waiver_too_long',
  ])('sometimes refuses with %s', (code) => {
    expect(seen).toContain(code);
  });
});
