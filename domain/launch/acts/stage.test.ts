import { describe, expect, it } from 'vitest';
import { goodMeasurements, goodResult, LaunchDriver } from '#test/support/launch-driver.ts';
import { idOf, personOf, t0Intake, t2Intake } from '#test/support/launches.ts';
import { dayMs, hourMs } from '../../time.ts';

const noteId = idOf('note', 1);
const scientist = personOf('protection_scientist');

/** Runs out the soak and answers everything that Vigil asks for on the way. */
function soak(driver: LaunchDriver): void {
  const { launch } = driver;
  driver.pass((launch.stage?.soakEndsAt ?? 0) - driver.now);
  for (const { id, verify } of Object.keys(launch.requirements).map((key) => driver.requirement(key))) {
    if (verify.probe !== null && driver.state(id) !== 'pass')
      driver.measure(id, goodResult(driver.requirement(id), driver.tier));
  }
}

describe('a rollout', () => {
  it('goes 1, 10, 50, 100 % and is sustained, each step pressed by a person', () => {
    const driver = LaunchDriver.ready(t2Intake);
    for (const percent of [1, 10, 50, 100] as const) {
      expect(driver.advance(percent)).toMatchObject({ outcome: 'moved', answer: { percent } });
      expect(driver.effects).toContainEqual(expect.objectContaining({ type: 'stageOpened', percent }));
      soak(driver);
      expect(driver.launch.stage?.percent).toBe(percent);
      driver.analyse();
    }
    expect(driver.launch.phase).toBe('watch');
    expect(driver.launch.openings.map(({ percent, decidedBy }) => [percent, decidedBy])).toEqual(
      [1, 10, 50, 100].map((percent) => [percent, personOf('launch_owner').id]),
    );
    expect(driver.advance('sustained').outcome).toBe('moved');
    expect(driver.launch).toMatchObject({
      phase: 'sustained',
      closed: { outcome: 'sustained', decidedBy: personOf('launch_owner').id },
    });
    expect(driver.code({ type: 'runChecks', by: scientist })).toBe('launch.closed');
    expect(driver.code({ type: 'caseLinked', caseId: idOf('case', 1), severity: 1 })).toBe('ignored');
  });

  it('is advanced by nobody but a person of the right role, and only in order', () => {
    const driver = LaunchDriver.ready(t2Intake);
    const advance = { type: 'advanceStage', to: 1 } as const;
    expect(driver.code({ ...advance, by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
    expect(driver.code({ ...advance, by: personOf('engineer') })).toBe('launch.role_required');
    expect(driver.advance(10)).toMatchObject({ code: 'launch.stage_order', detail: { next: 1 } });
    expect(driver.advance('sustained')).toMatchObject({ code: 'launch.stage_order' });
    expect(driver.advance(1).outcome).toBe('moved');
    expect(driver.advance(1)).toMatchObject({ code: 'launch.stage_order', detail: { next: 10 } });
  });

  it('is refused with all blockers while the gate is shut', () => {
    const driver = new LaunchDriver(t2Intake);
    const step = driver.advance(1);
    expect(step).toMatchObject({ outcome: 'refused', code: 'launch.gate_closed' });
    expect(step.outcome === 'refused' && step.detail?.['blockers']).toEqual(driver.gate.blockers);
    expect(new LaunchDriver().advance(1)).toMatchObject({ code: 'launch.intake_missing' });
  });

  it('waits for the soak and for an analysis that is not older than three days', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    expect(driver.advance(10)).toMatchObject({ code: 'launch.soak_running' });
    expect(driver.pass(24 * hourMs - 1)).toEqual([]);
    expect(driver.pass(1)).toEqual([
      expect.objectContaining({ type: 'analyseStage', percent: 1, fromAt: driver.now - 24 * hourMs, toAt: driver.now }),
    ]);
    expect(driver.advance(10)).toMatchObject({ code: 'launch.analysis_not_ready', detail: { verdict: null } });
    driver.analyse();
    expect(driver.launch.stage?.analysis).toMatchObject({ verdict: 'advance_ready' });
    driver.now += 72 * hourMs;
    expect(driver.advance(10)).toMatchObject({ code: 'launch.analysis_not_ready' });
    driver.do({ type: 'runChecks', by: scientist });
    expect(driver.do({ type: 'due' })).toContainEqual(expect.objectContaining({ type: 'analyseStage' }));
  });

  it('takes an analysis once, and only the one it asked for', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    expect(driver.code({ type: 'stageAnalysed', effectKey: 'v1:analyseStage:1', measurements: goodMeasurements })).toBe(
      'ignored',
    );
    driver.pass(24 * hourMs);
    const effectKey = driver.launch.stage?.analysisKey ?? '';
    driver.analyse();
    expect(driver.code({ type: 'stageAnalysed', effectKey, measurements: {} })).toBe('ignored');
  });

  it('measures detectors anew for their full level before 50 %', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    soak(driver);
    driver.analyse();
    expect(driver.state('SC-03')).toBe('pass');
    driver.advance(10);
    expect(driver.state('SC-03')).toBe('not_reported');
    expect(driver.state('DT-04')).toBe('not_reported');
    const runs = driver.effects.filter((effect) => effect.type === 'runProbe' && effect.percent === 50);
    expect(runs.map((effect) => effect.type === 'runProbe' && effect.requirementId)).toEqual(['SC-03', 'DT-04']);
  });
});

describe('the analysis of a stage', () => {
  const analysed = (measurements: Parameters<LaunchDriver['analyse']>[0]) => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    soak(driver);
    driver.analyse(measurements);
    return driver;
  };

  it.each([
    ['nothing measured', {}, 'hold', 'analysis_inconclusive'],
    [
      'one metric over nobody',
      { ...goodMeasurements, appeal_overturn: { ...goodMeasurements.appeal_overturn, population: 0 } },
      'hold',
      'analysis_inconclusive',
    ],
    [
      'an alert rate beyond its forecast',
      { ...goodMeasurements, alert_rate: { ...goodMeasurements.alert_rate, status: 'fail' as const } },
      'hold',
      'analysis_failed',
    ],
    [
      'a dead canary',
      { ...goodMeasurements, canary_success: { ...goodMeasurements.canary_success, status: 'fail' as const } },
      'abort_advised',
      'analysis_failed',
    ],
  ])('holds on %s', (_, measurements, verdict, reason) => {
    const driver = analysed(measurements);
    expect(driver.launch.stage?.analysis?.verdict).toBe(verdict);
    expect(driver.launch.holds).toHaveProperty(reason);
    expect(driver.advance(10)).toMatchObject({ code: 'launch.on_hold', detail: { reasons: [reason] } });
    expect(driver.effects).toContainEqual(expect.objectContaining({ type: 'pageOwner', reason }));
  });

  it('that could not tell is accepted by the person who releases it', () => {
    const driver = analysed({});
    driver.do({ type: 'release', reason: 'analysis_inconclusive', seenCount: 1, noteId, by: scientist });
    expect(driver.launch.stage?.analysis?.acceptedBy).toBe(scientist.id);
    expect(driver.advance(10).outcome).toBe('moved');
  });

  it('that failed is never accepted: it is done again', () => {
    const driver = analysed({ ...goodMeasurements, alert_rate: { ...goodMeasurements.alert_rate, status: 'fail' } });
    driver.do({ type: 'release', reason: 'analysis_failed', seenCount: 1, noteId, by: scientist });
    expect(driver.advance(10)).toMatchObject({ code: 'launch.analysis_not_ready' });
    expect(driver.pass(0)).toContainEqual(expect.objectContaining({ type: 'analyseStage' }));
    driver.analyse();
    expect(driver.advance(10).outcome).toBe('moved');
  });
});

describe('a hold', () => {
  const linked = (number: number) => ({ type: 'caseLinked', caseId: idOf('case', number), severity: 1 }) as const;

  it('comes with a severity-1 case by itself, and pages owner and protection science', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    expect(driver.code({ ...linked(1), severity: 2 })).toBe('ignored');
    const effects = driver.do(linked(1));
    expect(effects.map((effect) => effect.type === 'pageOwner' && effect.role)).toEqual([
      'launch_owner',
      'protection_scientist',
    ]);
    expect(driver.launch.phase).toBe('stage');
    expect(driver.launch.holds.severity_1_case).toMatchObject({ heldBy: null, count: 1, refId: idOf('case', 1) });
    expect(driver.code(linked(1))).toBe('ignored');
  });

  it('shuts the way before the first stage as well', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.do(linked(1));
    expect(driver.advance(1)).toMatchObject({ code: 'launch.on_hold' });
  });

  it('is released by a person who saw all of it, and never by the owner alone', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.do(linked(1));
    const release = { type: 'release', reason: 'severity_1_case', seenCount: 1, noteId } as const;
    expect(driver.code({ ...release, by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
    expect(driver.code({ ...release, by: personOf('launch_owner') })).toBe('launch.role_required');
    expect(driver.code({ ...release, reason: 'requested', by: scientist })).toBe('launch.not_on_hold');
    driver.do(linked(2));
    expect(driver.try({ ...release, by: scientist })).toMatchObject({
      code: 'launch.hold_changed',
      detail: { count: 2, refId: idOf('case', 2) },
    });
    driver.do({ ...release, seenCount: 2, by: scientist });
    expect(driver.launch).toMatchObject({
      holds: {},
      heldSinceAt: null,
      lastRelease: { decidedBy: scientist.id, noteId },
    });
    expect(driver.code(linked(1))).toBe('ignored');
    expect(driver.advance(1).outcome).toBe('moved');
  });

  it('stays until its last reason is released, and its time is no soak', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    driver.pass(20 * hourMs);
    driver.do(linked(1));
    driver.do({ type: 'hold', noteId, by: personOf('engineer') });
    driver.pass(10 * hourMs);
    expect(driver.launch.stage?.analysisKey).toBeNull();
    driver.do({ type: 'release', reason: 'severity_1_case', seenCount: 1, noteId, by: scientist });
    expect(driver.launch.heldSinceAt).not.toBeNull();
    driver.do({ type: 'release', reason: 'requested', seenCount: 1, noteId, by: scientist });
    expect(driver.launch.heldSinceAt).toBeNull();
    expect((driver.launch.stage?.soakEndsAt ?? 0) - driver.now).toBe(4 * hourMs);
  });

  it('of trouble after the analysis makes the analysis old', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.advance(1);
    soak(driver);
    driver.analyse();
    driver.do(linked(1));
    driver.do({ type: 'release', reason: 'severity_1_case', seenCount: 1, noteId, by: scientist });
    expect(driver.advance(10)).toMatchObject({ code: 'launch.analysis_not_ready' });
  });

  it('comes with a blocking check that breaks during a stage, a decayed detector and new capabilities', () => {
    const driver = LaunchDriver.ready(t2Intake);
    const failed = { ...goodResult(driver.requirement('RS-04'), 'T2'), status: 'fail' as const };
    driver.measure('RS-04', failed);
    expect(driver.launch.holds).toEqual({});
    expect(driver.code({ type: 'detectorDegraded', detectorId: idOf('detector', 1) })).toBe('ignored');
    driver.fulfil('RS-04');
    driver.advance(1);
    driver.measure('RS-04', failed);
    driver.measure('RS-04', failed);
    driver.do({ type: 'detectorDegraded', detectorId: idOf('detector', 1) });
    driver.do({
      type: 'answerIntake',
      intake: { ...t2Intake, memory: { span: 'across_sessions' } },
      by: personOf('launch_owner'),
    });
    expect(driver.launch.holds).toMatchObject({
      check_failed: { refId: 'RS-04', count: 1 },
      detector_degraded: { refId: idOf('detector', 1) },
      capability_changed: { heldBy: null },
    });
  });
});

describe('an abort', () => {
  it('is a person’s, final, and takes the product back', () => {
    const driver = LaunchDriver.ready(t0Intake);
    driver.advance(1);
    const abort = { type: 'abort', reasonCode: 'severity_1_harm', noteId } as const;
    expect(driver.code({ ...abort, by: { kind: 'service', id: 'svc' } })).toBe('decision.person_required');
    expect(driver.code({ ...abort, by: personOf('legal') })).toBe('launch.role_required');
    expect(driver.do({ ...abort, by: personOf('oncall_manager') })).toContainEqual(
      expect.objectContaining({ type: 'rolloutStopped', percent: 1 }),
    );
    expect(driver.launch).toMatchObject({
      phase: 'aborted',
      closed: { outcome: 'aborted', decidedBy: personOf('oncall_manager').id, reasonCode: 'severity_1_harm' },
    });
    expect(driver.pass(400 * dayMs)).toEqual([]);
    expect(driver.code({ type: 'hold', noteId: null, by: scientist })).toBe('launch.closed');
  });
});
