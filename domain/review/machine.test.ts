import { describe, expect, it } from 'vitest';
import type { Actor, Role } from '../actor.ts';
import { hourMs, minuteMs } from '../time.ts';
import { openCase } from './case.ts';
import type { CaseEffect, CaseEvent, CaseInput, ReviewCase } from './case.ts';
import { caseMachine } from './machine.ts';
import { defaultSlaClocks } from './sla.ts';

const t0 = Date.UTC(2026, 2, 1);

const input = (more: Partial<CaseInput> = {}): CaseInput => ({
  caseId: 'cse_1',
  productId: 'prd_1',
  teamId: 'tea_1',
  accountRef: 'acct-hash',
  harm: 'fraud',
  severity: 2,
  sensitive: false,
  synthetic: false,
  canaryId: null,
  launchId: null,
  policyVersionId: 'plv_1',
  detectorVersionIds: ['dtv_1'],
  clocks: defaultSlaClocks,
  doubleReview: false,
  skipLimit: 3,
  ...more,
});

const person = (id: string, ...roles: Role[]): Actor => ({
  kind: 'person',
  id,
  roles: roles.length > 0 ? roles : ['reviewer'],
});

/** A case being told things: keeps the state and the effects of the last event. */
class Told {
  state: ReviewCase;
  effects: readonly CaseEffect[] = [];
  constructor(more: Partial<CaseInput> = {}) {
    this.state = openCase(input(more), t0);
    this.hear({ type: 'opened' });
  }
  hear(event: CaseEvent, now = t0): this {
    const step = caseMachine.transition(this.state, event, now);
    if (step.outcome !== 'moved') throw new Error(`${event.type}: ${JSON.stringify(step)}`);
    this.state = step.state;
    this.effects = step.effects;
    return this;
  }
  answer(event: CaseEvent, now = t0): string {
    const step = caseMachine.transition(this.state, event, now);
    return step.outcome === 'refused' ? step.code : step.outcome;
  }
  task(taskId: string): this {
    return this.hear({ type: 'taskCreated', effectKey: `task:${this.state.lastRound}`, taskId });
  }
  get types(): string[] {
    return this.effects.map(({ type }) => type);
  }
}

type Decided = Extract<CaseEvent, { type: 'decisionRecorded' }>;
const decision = (taskId: string, more: Partial<Decided> = {}): Decided => ({
  type: 'decisionRecorded',
  decisionId: `dec_${taskId}`,
  taskId,
  verdict: 'violation',
  policyVersionId: 'plv_1',
  enforcement: { action: 'suspend_account', durationMs: 24 * hourMs },
  by: person('per_a'),
  ...more,
});

describe('a review case', () => {
  it('goes from its signal to a decision, its enforcement and its end', () => {
    const told = new Told();
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'createTask', round: 1, purpose: 'first', excludedPersonIds: [] }),
    ]);
    expect(told.task('rtk_1').state.status).toBe('in_review');
    told.hear(decision('rtk_1'), t0 + minuteMs);
    expect(told.state).toMatchObject({ status: 'decided', decision: { by: 'per_a', how: 'single' } });
    expect(told.effects).toContainEqual(
      expect.objectContaining({
        type: 'openEnforcement',
        decisionId: 'dec_rtk_1',
        decidedBy: 'per_a',
        action: 'suspend_account',
        policyVersionId: 'plv_1',
      }),
    );
    expect(told.hear({ type: 'enforcementOpened', orderId: 'enf_1' }).state.status).toBe('enforcing');
    told.hear({ type: 'enforcementSettled', orderId: 'enf_1', outcome: 'applied' });
    expect(told.state).toMatchObject({ status: 'closed', closeReason: 'decided', enforcementOutcome: 'applied' });
    expect(caseMachine.nextDue(told.state)).toBeNull();
  });

  it('stays in sight while its order has failed, and closes when the order recovers', () => {
    const told = new Told().task('rtk_1').hear(decision('rtk_1')).hear({ type: 'enforcementOpened', orderId: 'enf_1' });
    told.hear({ type: 'enforcementSettled', orderId: 'enf_1', outcome: 'failed' });
    expect(told.state).toMatchObject({ status: 'enforcing', enforcementOutcome: 'failed' });
    told.hear({ type: 'enforcementSettled', orderId: 'enf_1', outcome: 'applied' });
    expect(told.state.status).toBe('closed');
  });

  it('closes at once when nothing is to be enforced', () => {
    const told = new Told().task('rtk_1').hear(decision('rtk_1', { verdict: 'no_violation', enforcement: null }));
    expect(told.state.status).toBe('closed');
    expect(told.effects).toEqual([expect.objectContaining({ type: 'closeSignals', verdict: 'no_violation' })]);
  });

  it('takes a decision that overtook the answer naming its task', () => {
    const told = new Told().hear(decision('rtk_1'));
    expect(told.state.status).toBe('decided');
    expect(told.answer({ type: 'taskCreated', effectKey: 'task:1', taskId: 'rtk_1' })).toBe('ignored');
  });

  it.each([
    ['a service', decision('rtk_1', { by: { kind: 'service', id: 'svc_bot' } }), 'decision.person_required'],
    ['the system', decision('rtk_1', { by: { kind: 'system', id: 'vigil' } }), 'decision.person_required'],
    ['a person without the role', decision('rtk_1', { by: person('per_x', 'auditor') }), 'auth.forbidden'],
    ['a decision under another policy version', decision('rtk_1', { policyVersionId: 'plv_2' }), 'case.policy_changed'],
    ['a decision on a foreign task', decision('rtk_9'), 'task.unknown'],
    [
      'an enforcement without a violation',
      decision('rtk_1', { verdict: 'no_violation' }),
      'case.enforcement_without_violation',
    ],
    [
      'a duration that the action cannot have',
      decision('rtk_1', { enforcement: { action: 'warn_account', durationMs: hourMs } }),
      'enforcement.duration_unfit',
    ],
  ])('refuses %s', (_who, event, code) => {
    expect(new Told().task('rtk_1').answer(event)).toBe(code);
  });

  it('shows sensitive harm to sensitive reviewers only', () => {
    const told = new Told({ sensitive: true }).task('rtk_1');
    expect(told.answer(decision('rtk_1'))).toBe('auth.forbidden');
    expect(told.answer(decision('rtk_1', { by: person('per_s', 'sensitive_reviewer') }))).toBe('moved');
  });

  it('is decided once: a repeat is ignored, another decision is refused', () => {
    const told = new Told({ doubleReview: true }).task('rtk_1').hear(decision('rtk_1')).task('rtk_2');
    expect(told.answer(decision('rtk_1'))).toBe('ignored');
    expect(told.answer(decision('rtk_1', { decisionId: 'dec_other', by: person('per_b') }))).toBe('task.settled');
    told.hear(decision('rtk_2', { by: person('per_b') }));
    expect(told.answer(decision('rtk_2', { decisionId: 'dec_other', by: person('per_c') }))).toBe(
      'case.already_decided',
    );
  });
});

describe('double review', () => {
  const first = () => new Told({ doubleReview: true }).task('rtk_1').hear(decision('rtk_1'));

  it('asks a second person, and decides when both would do the same', () => {
    const told = first();
    expect(told.state.status).toBe('awaiting_second');
    expect(told.effects).toContainEqual(
      expect.objectContaining({ type: 'createTask', purpose: 'second', excludedPersonIds: ['per_a'] }),
    );
    told.task('rtk_2');
    expect(told.answer(decision('rtk_2'))).toBe('case.same_person');
    told.hear(decision('rtk_2', { by: person('per_b') }));
    expect(told.state.decision).toMatchObject({ how: 'agreed', decisionId: 'dec_rtk_1' });
    expect(told.types).toContain('openEnforcement');
  });

  it.each([
    ['the verdict', { verdict: 'no_violation', enforcement: null }],
    ['the action', { enforcement: { action: 'limit_sending', durationMs: 24 * hourMs } }],
    ['the duration', { enforcement: { action: 'suspend_account', durationMs: hourMs } }],
  ] as const)('has a third person settle a disagreement about %s', (_about, other) => {
    const told = first()
      .task('rtk_2')
      .hear(decision('rtk_2', { by: person('per_b'), ...other }));
    expect(told.state).toMatchObject({ status: 'adjudication', decision: null });
    expect(told.effects).toContainEqual(
      expect.objectContaining({ purpose: 'adjudication', excludedPersonIds: ['per_a', 'per_b'] }),
    );
    told.task('rtk_3');
    expect(told.answer(decision('rtk_3', { by: person('per_b') }))).toBe('case.same_person');
    told.hear(decision('rtk_3', { by: person('per_c'), ...other }));
    expect(told.state.decision).toMatchObject({ how: 'adjudicated', by: 'per_c' });
  });
});

describe('passing a task on', () => {
  const skip = (taskId: string, by: string) => decision(taskId, { verdict: 'skip', enforcement: null, by: person(by) });

  it('offers a skipped task to others, and escalates when everyone skipped', () => {
    const told = new Told().task('rtk_1').hear(skip('rtk_1', 'per_a'));
    expect(told.effects).toEqual([expect.objectContaining({ type: 'createTask', excludedPersonIds: ['per_a'] })]);
    told.task('rtk_2').hear(skip('rtk_2', 'per_b'));
    expect(told.effects[0]).toMatchObject({ excludedPersonIds: ['per_a', 'per_b'], tier: 'first' });
    told.task('rtk_3').hear(skip('rtk_3', 'per_c'));
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'createTask', tier: 'senior', excludedPersonIds: [] }),
      expect.objectContaining({ type: 'openEscalation', reason: 'all_skipped' }),
    ]);
  });

  it('goes to senior reviewers by a verdict, once', () => {
    const told = new Told().task('rtk_1').hear(decision('rtk_1', { verdict: 'escalate', enforcement: null }));
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'createTask', tier: 'senior' }),
      expect.objectContaining({ type: 'openEscalation', reason: 'reviewer_escalated' }),
    ]);
    told.task('rtk_2').hear(decision('rtk_2', { verdict: 'escalate', enforcement: null, by: person('per_b') }));
    expect(told.types).toEqual(['createTask']);
    expect(told.task('rtk_3').answer({ type: 'escalate', by: person('per_c') })).toBe('case.already_escalated');
  });

  it('withdraws the open task when a person escalates, and knows a late decision on it', () => {
    const told = new Told().task('rtk_1').hear({ type: 'escalate', by: person('per_o', 'ops_lead') });
    expect(told.effects).toContainEqual(expect.objectContaining({ type: 'withdrawTask', taskId: 'rtk_1', round: 1 }));
    expect(told.answer(decision('rtk_1'))).toBe('task.settled');
    expect(told.answer({ type: 'escalate', by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
  });
});

describe('the clocks of a case', () => {
  const clock = defaultSlaClocks[2];

  it('escalate each breach once, and the first look ends the first', () => {
    const told = new Told().task('rtk_1');
    expect(caseMachine.nextDue(told.state)).toBe(t0 + clock.firstLookMs);
    expect(told.answer({ type: 'due' }, t0 + clock.firstLookMs - 1)).toBe('ignored');
    told.hear({ type: 'due' }, t0 + clock.firstLookMs);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'sla_first_look' })]);
    told.hear({ type: 'taskClaimed', taskId: 'rtk_1' }, t0 + clock.firstLookMs + 1);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'resolveEscalation', reason: 'sla_first_look' })]);
    told.hear({ type: 'due' }, t0 + clock.decisionMs);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'sla_decision' })]);
    expect(caseMachine.nextDue(told.state)).toBeNull();
    told.hear(decision('rtk_1', { verdict: 'no_violation', enforcement: null }), t0 + clock.decisionMs + 1);
    expect(told.types).toEqual(['closeSignals', 'resolveEscalation']);
  });

  it('stop at a look in time', () => {
    const told = new Told().task('rtk_1').hear({ type: 'taskClaimed', taskId: 'rtk_1' }, t0 + minuteMs);
    expect(caseMachine.nextDue(told.state)).toBe(t0 + clock.decisionMs);
  });

  it('tighten when a worse signal comes, from that moment, and page for severity 1', () => {
    const told = new Told({ launchId: 'lch_1' }).task('rtk_1');
    told.hear({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_2' }, t0 + 10 * minuteMs);
    expect(told.state).toMatchObject({
      severity: 1,
      signalCount: 2,
      detectorVersionIds: ['dtv_1', 'dtv_2'],
      firstLookDueAt: t0 + 25 * minuteMs,
      decisionDueAt: t0 + 70 * minuteMs,
    });
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'raiseTask', taskId: 'rtk_1', severity: 1 }),
      expect.objectContaining({ type: 'openEscalation', reason: 'severity_1' }),
      expect.objectContaining({ type: 'holdLaunch', launchId: 'lch_1' }),
    ]);
    told.hear({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_2' }, t0 + 11 * minuteMs);
    expect(told.effects).toEqual([]);
  });

  it('never gain time from a worse signal', () => {
    const told = new Told().task('rtk_1');
    told.hear({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' }, t0 + clock.firstLookMs - minuteMs);
    expect(told.state.firstLookDueAt).toBe(t0 + clock.firstLookMs);
  });
});

describe('a drill', () => {
  const drill = () =>
    new Told({ synthetic: true, canaryId: 'can_1', severity: 1, launchId: 'lch_1', sensitive: false });

  it('pages as a drill, holds no launch, and is decided without enforcement', () => {
    const told = drill();
    expect(told.effects).toContainEqual(
      expect.objectContaining({ type: 'openEscalation', reason: 'drill', synthetic: true, canaryId: 'can_1' }),
    );
    expect(told.types).not.toContain('holdLaunch');
    told.task('rtk_1').hear(decision('rtk_1'));
    expect(told.types).not.toContain('openEnforcement');
    expect(told.state.status).toBe('closed');
  });

  it('is closed when it is over, which never closes a real case', () => {
    const told = drill().task('rtk_1').hear({ type: 'drillClosed' });
    expect(told.types).toEqual(['closeSignals', 'withdrawTask', 'resolveEscalation']);
    expect(told.state).toMatchObject({ status: 'closed', closeReason: 'drill_over', decision: null });
    expect(new Told().answer({ type: 'drillClosed' })).toBe('case.not_a_drill');
  });

  it('closes itself at its decision clock, so that a forgotten one never stays', () => {
    const told = drill();
    expect(caseMachine.nextDue(told.state)).toBe(t0 + defaultSlaClocks[1].decisionMs);
    told.hear({ type: 'due' }, t0 + defaultSlaClocks[1].decisionMs);
    expect(told.state.closeReason).toBe('drill_over');
  });
});

describe('merging', () => {
  const into = (more: Partial<Extract<CaseEvent, { type: 'merge' }>> = {}): CaseEvent => ({
    type: 'merge',
    into: 'cse_2',
    intoSynthetic: false,
    by: person('per_a'),
    ...more,
  });

  it('moves the signals and ends everything of the case', () => {
    const told = new Told({ severity: 1 }).task('rtk_1').hear(into());
    expect(told.types).toEqual(['moveSignals', 'withdrawTask', 'resolveEscalation']);
    expect(told.state).toMatchObject({ status: 'merged', mergedInto: 'cse_2' });
    expect(told.answer(decision('rtk_1'))).toBe('case.closed');
    expect(told.answer({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' })).toBe('case.closed');
    expect(told.answer({ type: 'due' }, t0 + 1_000 * hourMs)).toBe('ignored');
  });

  it('is refused into itself, with a drill, without a person, and once judged', () => {
    const told = new Told({ doubleReview: true }).task('rtk_1');
    expect(told.answer(into({ into: 'cse_1' }))).toBe('case.merge_into_itself');
    expect(told.answer(into({ intoSynthetic: true }))).toBe('case.merge_of_drill');
    expect(told.answer(into({ by: { kind: 'service', id: 'svc_1' } }))).toBe('decision.person_required');
    expect(told.answer(into({ by: person('per_x', 'auditor') }))).toBe('auth.forbidden');
    expect(new Told({ synthetic: true }).answer(into())).toBe('case.merge_of_drill');
    expect(told.hear(decision('rtk_1')).answer(into())).toBe('case.already_decided');
  });
});

it('opens also when a signal was heard first', () => {
  const early = caseMachine.transition(
    openCase(input({ severity: 3 }), t0),
    { type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' },
    t0,
  );
  if (early.outcome !== 'moved') throw new Error(early.outcome);
  expect(early.effects.map(({ type }) => type)).toEqual(['openEscalation']);
  const opened = caseMachine.transition(early.state, { type: 'opened' }, t0);
  if (opened.outcome !== 'moved') throw new Error(opened.outcome);
  expect(opened.effects).toEqual([expect.objectContaining({ type: 'createTask', severity: 1 })]);
});

it('refuses a signal that nobody judged once the case is decided', () => {
  const told = new Told().task('rtk_1').hear(decision('rtk_1'));
  expect(told.answer({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' })).toBe('case.already_decided');
});
