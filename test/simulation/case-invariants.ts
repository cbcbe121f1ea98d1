import assert from 'node:assert/strict';
import type { CaseEffect, CaseEvent, ReviewCase } from '#domain/review/case.ts';
import type { Run } from './simulate.ts';

type CaseRun = Run<ReviewCase, CaseEvent, CaseEffect>;
type Decided = Extract<CaseEvent, { type: 'decisionRecorded' }>;

/** What holds of every case, whatever was sent to it and in which order. */
export function assertCaseRun(run: CaseRun): void {
  assertDecidedOnce(run);
  assertByPeople(run);
  assertDrillsAreHarmless(run);
  assertEscalations(run);
  assertTasks(run);
  assertNeverForgotten(run);
}

const effectsOf = <T extends CaseEffect['type']>(run: CaseRun, type: T): Extract<CaseEffect, { type: T }>[] =>
  run.records.flatMap(({ effects }) => effects).filter((effect) => effect.type === type) as Extract<
    CaseEffect,
    { type: T }
  >[];

const decisionsOf = (run: CaseRun): Decided[] =>
  run.records.map(({ event }) => event).filter((event) => event.type === 'decisionRecorded');

const isJudgement = ({ verdict }: Decided): boolean => verdict === 'violation' || verdict === 'no_violation';

function assertDecidedOnce(run: CaseRun): void {
  const taken = decisionsOf(run);
  assert.equal(new Set(taken.map(({ taskId }) => taskId)).size, taken.length, 'a task was decided twice');
  assert.equal(new Set(taken.map(({ decisionId }) => decisionId)).size, taken.length, 'a decision was applied twice');
  for (const { before, state } of run.records) {
    if (before.decision !== null) assert.deepEqual(state.decision, before.decision, 'a decision was changed');
  }
  assert.ok(effectsOf(run, 'openEnforcement').length <= 1, 'two orders were opened');
  assert.ok(effectsOf(run, 'closeSignals').length + effectsOf(run, 'moveSignals').length <= 1, 'signals closed twice');
}

function assertByPeople(run: CaseRun): void {
  const taken = decisionsOf(run);
  for (const { by } of taken) {
    assert.equal(by.kind, 'person', 'a machine decided');
    const roles: readonly string[] = by.kind === 'person' ? by.roles : [];
    const wanted = run.final.sensitive ? ['sensitive_reviewer'] : ['reviewer', 'sensitive_reviewer'];
    assert.ok(
      wanted.some((role) => roles.includes(role)),
      'somebody decided who may not see it',
    );
  }
  const judges = taken.filter(isJudgement);
  assert.equal(new Set(judges.map(({ by }) => by.id)).size, judges.length, 'one person judged twice');
  assert.ok(
    judges.every(({ policyVersionId }) => policyVersionId === run.final.policyVersionId),
    'policy not pinned',
  );
  const { decision, doubleReview } = run.final;
  if (decision === null) return;
  assert.equal(
    judges.length,
    { single: 1, agreed: 2, adjudicated: 3 }[decision.how],
    `${decision.how} by the wrong number`,
  );
  assert.equal(decision.how === 'single', !doubleReview, 'double review was skipped');
  assert.ok(
    judges.some(({ decisionId }) => decisionId === decision.decisionId),
    'the decision is nobody’s judgement',
  );
  for (const order of effectsOf(run, 'openEnforcement')) {
    assert.equal(decision.verdict, 'violation', 'enforced without a violation');
    assert.equal(order.decisionId, decision.decisionId);
    assert.equal(order.decidedBy, decision.by);
  }
}

function assertDrillsAreHarmless(run: CaseRun): void {
  if (!run.final.synthetic) {
    assert.notEqual(run.final.closeReason, 'drill_over', 'a real case was closed as a drill');
    return;
  }
  assert.deepEqual(effectsOf(run, 'openEnforcement'), [], 'a drill was enforced');
  assert.deepEqual(effectsOf(run, 'holdLaunch'), [], 'a drill held a launch');
  const reasons = effectsOf(run, 'openEscalation').map(({ reason }) => reason);
  assert.ok(reasons.includes('drill') && !reasons.includes('severity_1'), 'a drill must page as a drill');
  assert.ok(
    !reasons.includes('sla_decision') && !reasons.includes('sla_first_look'),
    'a late drill paged as a late case',
  );
}

function assertEscalations(run: CaseRun): void {
  const opened = effectsOf(run, 'openEscalation').map(({ reason }) => reason);
  const resolved = effectsOf(run, 'resolveEscalation').map(({ reason }) => reason);
  assert.equal(new Set(opened).size, opened.length, 'a reason escalated twice');
  const still = opened.filter((reason) => !resolved.includes(reason));
  assert.deepEqual(
    still.toSorted(),
    run.final.openEscalations.toSorted(),
    'the state knows other escalations than it opened',
  );
  if (run.final.closedAt !== null) assert.deepEqual(still, [], 'an escalation outlived its case');
  for (const { state } of run.records) {
    if (state.decision === null) continue;
    assert.ok(
      state.openEscalations.every((reason) => reason === 'severity_1'),
      'decided, and still paged as undecided',
    );
  }
  const severe = !run.final.synthetic && run.final.severity === 1;
  assert.equal(opened.includes('severity_1'), severe, 'severity 1 must page, and nothing else as severity 1');
  assert.equal(
    effectsOf(run, 'holdLaunch').length,
    severe && run.final.launchId !== null ? 1 : 0,
    'wrong hold of the launch',
  );
}

/** Every task ends by a decision or a withdrawal; at most one waits at a time. */
function assertTasks(run: CaseRun): void {
  let waiting = 0;
  for (const { event, effects, state } of run.records) {
    if (event.type === 'decisionRecorded') waiting--;
    waiting -= effects.filter(({ type }) => type === 'withdrawTask').length;
    waiting += effects.filter(({ type }) => type === 'createTask').length;
    assert.equal(waiting, state.task === null ? 0 : 1, `after ${event.type} the queue and the case disagree`);
  }
  for (const task of effectsOf(run, 'createTask').filter(({ purpose }) => purpose !== 'first')) {
    assert.ok(task.excludedPersonIds.length >= (task.purpose === 'second' ? 1 : 2), 'a judge may judge again');
  }
}

function assertNeverForgotten(run: CaseRun): void {
  const { status, decision, openEscalations, orderId, enforcementOutcome } = run.final;
  if (status === 'closed' || status === 'merged') return;
  if (decision === null) assert.ok(openEscalations.length > 0, `forgotten: ${status} and nobody knows`);
  else assert.ok(orderId !== null && (enforcementOutcome ?? 'failed') === 'failed', 'a decided case waits for nothing');
}
