import { describe, expect, it } from 'vitest';
import { caseScenario } from './case-scenario.ts';
import { simulationRuns } from './runs.ts';
import { simulateMany } from './simulate.ts';

describe('a review case in a hostile world', () => {
  const runs = simulateMany(caseScenario, simulationRuns());
  const finals = runs.map(({ final }) => final);
  const seen = <T>(values: readonly T[]) => new Set(values);

  it('keeps its promises in every run', () => {
    expect(runs).toHaveLength(simulationRuns());
  });

  it.each(['open', 'in_review', 'awaiting_second', 'adjudication', 'decided', 'enforcing', 'closed', 'merged'])(
    'is sometimes %s',
    (status) => {
      expect(seen(runs.flatMap(({ records }) => records.map(({ state }) => state.status)))).toContain(status);
    },
  );

  it.each(['single', 'agreed', 'adjudicated'])('is sometimes decided as %s', (how) => {
    expect(seen(finals.map(({ decision }) => decision?.how))).toContain(how);
  });

  it.each(['severity_1', 'sla_first_look', 'sla_decision', 'reviewer_escalated', 'all_skipped', 'drill'])(
    'sometimes escalates for %s',
    (reason) => {
      expect(seen(finals.flatMap(({ escalatedFor }) => escalatedFor))).toContain(reason);
    },
  );

  it.each([
    'decision.person_required',
    'auth.forbidden',
    'task.settled',
    'task.unknown',
    'case.same_person',
    'case.policy_changed',
    'case.already_decided',
    'case.already_escalated',
    'case.enforcement_without_violation',
    'case.merge_into_itself',
    'case.merge_of_drill',
    'case.not_a_drill',
    'case.closed',
    'enforcement.duration_unfit',
  ])('sometimes refuses with %s', (code) => {
    const codes = runs.flatMap(({ refusals }) =>
      refusals.map(({ step }) => (step.outcome === 'refused' ? step.code : null)),
    );
    expect(seen(codes)).toContain(code);
  });

  it('is sometimes left undecided and escalated, and a decision sometimes overtakes the name of its task', () => {
    expect(finals.some(({ decision, openEscalations }) => decision === null && openEscalations.length > 0)).toBe(true);
    const overtook = runs.some(({ records }) =>
      records.some(({ event, before }) => event.type === 'decisionRecorded' && before.task?.taskId === null),
    );
    expect(overtook).toBe(true);
  });
});
