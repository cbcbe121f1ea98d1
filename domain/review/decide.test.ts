import { decision, person, t0, ToldCase } from '#test/support/told-case.ts';
import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs } from '../time.ts';

describe('a review case', () => {
  it('goes from its signal to a decision, its enforcement and its end', () => {
    const told = new ToldCase();
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
    expect(told.due).toBeNull();
  });

  it('stays in sight while its order has failed, and closes when the order recovers', () => {
    const told = new ToldCase()
      .task('rtk_1')
      .hear(decision('rtk_1'))
      .hear({ type: 'enforcementOpened', orderId: 'enf_1' });
    told.hear({ type: 'enforcementSettled', orderId: 'enf_1', outcome: 'failed' });
    expect(told.state).toMatchObject({ status: 'enforcing', enforcementOutcome: 'failed' });
    told.hear({ type: 'enforcementSettled', orderId: 'enf_1', outcome: 'applied' });
    expect(told.state.status).toBe('closed');
  });

  it('closes at once when nothing is to be enforced', () => {
    const told = new ToldCase().task('rtk_1').hear(decision('rtk_1', { verdict: 'no_violation', enforcement: null }));
    expect(told.state.status).toBe('closed');
    expect(told.effects).toEqual([expect.objectContaining({ type: 'closeSignals', verdict: 'no_violation' })]);
  });

  it('takes a decision that overtook the answer naming its task', () => {
    const told = new ToldCase().hear(decision('rtk_1'));
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
    expect(new ToldCase().task('rtk_1').answer(event)).toBe(code);
  });

  it('shows sensitive harm to sensitive reviewers only', () => {
    const told = new ToldCase({ sensitive: true }).task('rtk_1');
    expect(told.answer(decision('rtk_1'))).toBe('auth.forbidden');
    expect(told.answer(decision('rtk_1', { by: person('per_s', 'sensitive_reviewer') }))).toBe('moved');
  });

  it('is decided once: a repeat is ignored, another decision is refused', () => {
    const told = new ToldCase({ doubleReview: true }).task('rtk_1').hear(decision('rtk_1')).task('rtk_2');
    expect(told.answer(decision('rtk_1'))).toBe('ignored');
    expect(told.answer(decision('rtk_1', { decisionId: 'dec_other', by: person('per_b') }))).toBe('task.settled');
    told.hear(decision('rtk_2', { by: person('per_b') }));
    expect(told.answer(decision('rtk_2', { decisionId: 'dec_other', by: person('per_c') }))).toBe(
      'case.already_decided',
    );
  });
});

describe('double review', () => {
  const first = () => new ToldCase({ doubleReview: true }).task('rtk_1').hear(decision('rtk_1'));

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
    const told = new ToldCase().task('rtk_1').hear(skip('rtk_1', 'per_a'));
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
    const told = new ToldCase().task('rtk_1').hear(decision('rtk_1', { verdict: 'escalate', enforcement: null }));
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'createTask', tier: 'senior' }),
      expect.objectContaining({ type: 'openEscalation', reason: 'reviewer_escalated' }),
    ]);
    told.task('rtk_2').hear(decision('rtk_2', { verdict: 'escalate', enforcement: null, by: person('per_b') }));
    expect(told.types).toEqual(['createTask']);
    expect(told.task('rtk_3').answer({ type: 'escalate', by: person('per_c') })).toBe('case.already_escalated');
  });

  it('withdraws the open task when a person escalates, and knows a late decision on it', () => {
    const told = new ToldCase().task('rtk_1').hear({ type: 'escalate', by: person('per_o', 'ops_lead') });
    expect(told.effects).toContainEqual(expect.objectContaining({ type: 'withdrawTask', taskId: 'rtk_1', round: 1 }));
    expect(told.answer(decision('rtk_1'))).toBe('task.settled');
    expect(told.answer({ type: 'escalate', by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
  });
});
