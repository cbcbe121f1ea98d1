import { caseInput, decision, person, t0, ToldCase } from '#test/support/told-case.ts';
import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs } from '../time.ts';
import { openCase } from './case.ts';
import type { CaseEvent } from './case.ts';
import { caseMachine } from './machine.ts';
import { defaultSlaClocks } from './sla.ts';

describe('the clocks of a case', () => {
  const clock = defaultSlaClocks[2];

  it('escalate each breach once, and the first look ends the first', () => {
    const told = new ToldCase().task('rtk_1');
    expect(told.due).toBe(t0 + clock.firstLookMs);
    expect(told.answer({ type: 'due' }, t0 + clock.firstLookMs - 1)).toBe('ignored');
    told.hear({ type: 'due' }, t0 + clock.firstLookMs);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'sla_first_look' })]);
    told.hear({ type: 'taskClaimed', taskId: 'rtk_1' }, t0 + clock.firstLookMs + 1);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'resolveEscalation', reason: 'sla_first_look' })]);
    told.hear({ type: 'due' }, t0 + clock.decisionMs);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'sla_decision' })]);
    expect(told.due).toBeNull();
    told.hear(decision('rtk_1', { verdict: 'no_violation', enforcement: null }), t0 + clock.decisionMs + 1);
    expect(told.types).toEqual(['closeSignals', 'resolveEscalation']);
  });

  it('stop at a look in time', () => {
    const told = new ToldCase().task('rtk_1').hear({ type: 'taskClaimed', taskId: 'rtk_1' }, t0 + minuteMs);
    expect(told.due).toBe(t0 + clock.decisionMs);
  });

  it('tighten when a worse signal comes, from that moment, and page for severity 1', () => {
    const told = new ToldCase({ launchId: 'lch_1' }).task('rtk_1');
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
    const told = new ToldCase().task('rtk_1');
    told.hear({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' }, t0 + clock.firstLookMs - minuteMs);
    expect(told.state.firstLookDueAt).toBe(t0 + clock.firstLookMs);
  });
});

describe('a drill', () => {
  const drill = () =>
    new ToldCase({ synthetic: true, canaryId: 'can_1', severity: 1, launchId: 'lch_1', sensitive: false });

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
    expect(new ToldCase().answer({ type: 'drillClosed' })).toBe('case.not_a_drill');
  });

  it('closes itself at its decision clock, so that a forgotten one never stays', () => {
    const told = drill();
    expect(told.due).toBe(t0 + defaultSlaClocks[1].decisionMs);
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
    const told = new ToldCase({ severity: 1 }).task('rtk_1').hear(into());
    expect(told.types).toEqual(['moveSignals', 'withdrawTask', 'resolveEscalation']);
    expect(told.state).toMatchObject({ status: 'merged', mergedInto: 'cse_2' });
    expect(told.answer(decision('rtk_1'))).toBe('case.closed');
    expect(told.answer({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' })).toBe('case.closed');
    expect(told.answer({ type: 'due' }, t0 + 1_000 * hourMs)).toBe('ignored');
  });

  it('is refused into itself, with a drill, without a person, and once judged', () => {
    const told = new ToldCase({ doubleReview: true }).task('rtk_1');
    expect(told.answer(into({ into: 'cse_1' }))).toBe('case.merge_into_itself');
    expect(told.answer(into({ intoSynthetic: true }))).toBe('case.merge_of_drill');
    expect(told.answer(into({ by: { kind: 'service', id: 'svc_1' } }))).toBe('decision.person_required');
    expect(told.answer(into({ by: person('per_x', 'auditor') }))).toBe('auth.forbidden');
    expect(new ToldCase({ synthetic: true }).answer(into())).toBe('case.merge_of_drill');
    expect(told.hear(decision('rtk_1')).answer(into())).toBe('case.already_decided');
  });
});

it('opens also when a signal was heard first', () => {
  const early = caseMachine.transition(
    openCase(caseInput({ severity: 3 }), t0),
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
  const told = new ToldCase().task('rtk_1').hear(decision('rtk_1'));
  expect(told.answer({ type: 'signalAdded', severity: 1, detectorVersionId: 'dtv_1' })).toBe('case.already_decided');
});
