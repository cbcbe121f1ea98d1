import { describe, expect, it } from 'vitest';
import { goodResult, LaunchDriver } from '#test/support/launch-driver.ts';
import { hashOf, idOf, personOf, t0Intake, t2Intake } from '#test/support/launches.ts';
import { dayMs } from '../../time.ts';

const service = { kind: 'service', id: idOf('integration', 1) } as const;

describe('evidence', () => {
  const attach = (driver: LaunchDriver, change: object = {}) =>
    driver.code({
      type: 'attachEvidence',
      requirementId: 'RE-05',
      evidenceId: idOf('evidence', 1),
      evidenceHash: hashOf(1),
      validUntilAt: driver.now + dayMs,
      collectedBy: personOf('investigator').id,
      by: personOf('policy'),
      ...change,
    });

  it('is supplied by a person, hashed, and ends within the recertification period', () => {
    const driver = new LaunchDriver(t2Intake);
    expect(attach(driver, { by: service })).toBe('decision.person_required');
    expect(attach(driver, { by: { ...personOf('policy'), roles: ['reviewer'] } })).toBe('launch.role_required');
    expect(attach(driver, { requirementId: 'CP-01' })).toBe('launch.unknown_requirement');
    expect(attach(driver, { requirementId: 'RS-04' })).toBe('launch.evidence_not_asked');
    expect(attach(driver, { evidenceHash: 'see the wiki' })).toBe('launch.evidence_invalid');
    expect(attach(driver, { validUntilAt: driver.now })).toBe('launch.evidence_invalid');
    expect(attach(driver, { validUntilAt: driver.now + 365 * dayMs + 1 })).toBe('launch.evidence_invalid');
    expect(attach(driver, { validUntilAt: driver.now + 365 * dayMs })).toBe('moved');
    expect(attach(driver)).toBe('moved');
    expect(driver.launch.requirements['RE-05']?.evidence).toMatchObject({
      count: 2,
      collectedBy: personOf('investigator').id,
    });
  });

  it('goes stale at its end, tells its owner once, and counts no more', () => {
    const driver = new LaunchDriver(t2Intake);
    attach(driver);
    const told = driver.pass(dayMs).filter((effect) => effect.type === 'remindOwner' && effect.subjectId === 'RE-05');
    expect(told).toEqual([expect.objectContaining({ reminder: 'evidence_stale', role: 'policy' })]);
    expect(driver.state('RE-05')).toBe('not_reported');
    expect(driver.gate.blockers).toContainEqual(
      expect.objectContaining({ requirementId: 'RE-05', reason: 'sign_off_not_reported' }),
    );
  });
});

describe('evidence alone', () => {
  it('counts until its end and not a moment longer', () => {
    const driver = new LaunchDriver(t0Intake);
    driver.attach('DT-07');
    driver.now += 90 * dayMs - 1;
    expect(driver.state('DT-07')).toBe('pass');
    driver.now += 1;
    expect(driver.state('DT-07')).toBe('stale');
  });

  it('is held to the recertification period of a tier that rose since', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.attach('RE-05');
    driver.fulfil('RE-05');
    driver.now += 90 * dayMs;
    expect(driver.state('RE-05')).toBe('pass');
    driver.do({ type: 'setTier', to: 'T0', noteId: null, by: personOf('legal') });
    expect(driver.state('RE-05')).toBe('stale');
  });
});

describe('results', () => {
  it('come from Vigil’s own run, once, under the key of the run', () => {
    const driver = new LaunchDriver(t2Intake);
    const effectKey = driver.launch.requirements['RS-03']?.runKey ?? '';
    const result = goodResult(driver.requirement('RS-03'), 'T2');
    const completed = { type: 'checkCompleted', requirementId: 'RS-03', result } as const;
    expect(driver.code({ ...completed, effectKey: 'v1:runProbe:RS-03' })).toBe('ignored');
    expect(driver.code({ ...completed, requirementId: 'RS-99', effectKey })).toBe('ignored');
    expect(driver.code({ ...completed, effectKey })).toBe('moved');
    expect(driver.code({ ...completed, effectKey })).toBe('ignored');
    expect(driver.state('RS-03')).toBe('pass');
  });

  it('of Vigil that are garbage are errors, and nothing of the garbage is kept', () => {
    const driver = new LaunchDriver(t2Intake);
    const effectKey = driver.launch.requirements['RS-03']?.runKey ?? '';
    const result = { ...goodResult(driver.requirement('RS-03'), 'T2'), population: -1, secret: 'text' };
    driver.do({ type: 'checkCompleted', requirementId: 'RS-03', effectKey, result });
    expect(driver.state('RS-03')).toBe('error');
    expect(JSON.stringify(driver.launch)).not.toContain('secret');
  });

  it('from outside are taken of a service or a person of the launch, and judged all the same', () => {
    const driver = new LaunchDriver(t2Intake);
    const result = goodResult(driver.requirement('RE-01'), 'T2');
    const report = { type: 'reportCheck', requirementId: 'RE-01', result, by: service } as const;
    expect(driver.code({ ...report, by: { ...personOf('legal'), roles: ['reviewer'] } })).toBe('launch.role_required');
    expect(driver.code({ ...report, requirementId: 'SC-04' })).toBe('launch.check_not_reportable');
    expect(driver.code({ ...report, requirementId: 'SC-01' })).toBe('launch.check_not_reportable');
    expect(driver.code({ ...report, requirementId: 'CP-01' })).toBe('launch.unknown_requirement');
    expect(driver.code({ ...report, result: { ...result, windowMs: -1 } })).toBe('launch.result_invalid');
    expect(driver.try({ ...report, result: { ...result, observed: 0.86 } })).toMatchObject({
      answer: { state: 'fail' },
    });
    expect(driver.try({ ...report, result: { ...result, population: 0 } })).toMatchObject({
      answer: { state: 'not_reported' },
    });
    expect(driver.try(report)).toMatchObject({ answer: { state: 'pass' } });
  });

  it('from outside that pass are not overwritten by a run of Vigil that might see nothing', () => {
    const driver = new LaunchDriver(t2Intake);
    const result = goodResult(driver.requirement('RS-04'), 'T2');
    const lateKey = driver.launch.requirements['RS-04']?.runKey ?? '';
    driver.do({ type: 'reportCheck', requirementId: 'RS-04', result, by: service });
    expect(driver.code({ type: 'checkCompleted', requirementId: 'RS-04', effectKey: lateKey, result })).toBe('ignored');
    const started = driver.do({ type: 'runChecks', by: personOf('engineer') });
    expect(started.map((effect) => effect.type === 'runProbe' && effect.requirementId)).not.toContain('RS-04');
    driver.measure('RS-04', { ...result, status: 'fail' });
    const again = driver.do({ type: 'runChecks', by: personOf('engineer') });
    expect(again.map((effect) => effect.type === 'runProbe' && effect.requirementId)).toContain('RS-04');
  });

  it('are taken anew before they end, and a day after they did not pass', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfil('RS-03');
    driver.measure('RE-02', { ...goodResult(driver.requirement('RE-02'), 'T2'), population: 0 });
    const runsOf = (id: string, effects: readonly object[]) =>
      effects.filter((effect) => 'requirementId' in effect && effect.requirementId === id && 'probe' in effect);
    const firstDay = driver.pass(dayMs);
    expect(runsOf('RE-02', firstDay)).toHaveLength(1);
    expect(runsOf('RS-03', firstDay)).toHaveLength(0);
    expect(runsOf('RS-03', driver.pass(5.3 * dayMs))).toHaveLength(1);
    expect(driver.state('RS-03')).toBe('pass');
  });

  it('are no longer taken of a launch that nobody has touched for two weeks, until someone does', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.pass(13 * dayMs);
    driver.measure('RE-02', { ...goodResult(driver.requirement('RE-02'), 'T2'), population: 0 });
    const runs = (effects: readonly object[]) => effects.filter((effect) => 'probe' in effect);
    expect(runs(driver.pass(dayMs))).toHaveLength(1);
    driver.measure('RE-02', { ...goodResult(driver.requirement('RE-02'), 'T2'), population: 0 });
    expect(runs(driver.pass(30 * dayMs))).toHaveLength(0);
    driver.do({
      type: 'assignRole',
      role: 'legal',
      personId: personOf('legal').id,
      deputyPersonId: null,
      by: personOf('launch_owner'),
    });
    expect(runs(driver.pass(0))).toHaveLength(1);
  });

  it('can be asked for once there is an intake', () => {
    expect(new LaunchDriver().code({ type: 'runChecks', by: personOf('engineer') })).toBe('launch.intake_missing');
    expect(new LaunchDriver(t2Intake).code({ type: 'runChecks', by: service })).toBe('decision.person_required');
  });
});
