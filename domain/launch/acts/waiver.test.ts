import { describe, expect, it } from 'vitest';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { idOf, personOf, t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { dayMs } from '../../time.ts';

const noteId = idOf('note', 1);

function request(driver: LaunchDriver, requirementId: string, days = 10, number = 1, by = personOf('launch_owner')) {
  return driver.try({
    type: 'requestWaiver',
    waiverId: idOf('waiver', number),
    requirementId,
    reasonCode: 'not_yet_measurable',
    days,
    noteId,
    by,
  });
}
const approve = (driver: LaunchDriver, number = 1, by = personOf('executive')) =>
  driver.try({ type: 'approveWaiver', waiverId: idOf('waiver', number), by });

describe('a waiver', () => {
  it('opens the gate as waived, never as passed, and the check goes on', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll(['DT-09']);
    driver.signAll();
    request(driver, 'DT-09');
    expect(driver.state('DT-09')).toBe('not_reported');
    expect(approve(driver)).toMatchObject({ outcome: 'moved', answer: { requirementId: 'DT-09' } });
    expect(driver.gate).toMatchObject({ open: true, waived: ['DT-09'] });
    expect(driver.gate.passed).not.toContain('DT-09');
    driver.fulfil('DT-09');
    expect(driver.gate).toMatchObject({ open: true, waived: [] });
    expect(driver.gate.passed).toContain('DT-09');
  });

  it('takes a second person who may accept risk', () => {
    const driver = new LaunchDriver(t2Intake);
    const asker = { ...personOf('policy'), roles: ['policy', 'executive'] as const };
    request(driver, 'DT-09', 10, 1, asker);
    expect(approve(driver, 1, asker)).toMatchObject({ code: 'launch.same_person' });
    expect(approve(driver, 1, personOf('engineer'))).toMatchObject({ code: 'launch.role_required' });
    expect(driver.code({ type: 'approveWaiver', waiverId: idOf('waiver', 1), by: { kind: 'system', id: 'v' } })).toBe(
      'decision.person_required',
    );
    expect(approve(driver, 2)).toMatchObject({ code: 'launch.unknown_waiver' });
    expect(approve(driver).outcome).toBe('moved');
    expect(approve(driver)).toMatchObject({ code: 'launch.unknown_waiver' });
    expect(driver.launch.requirements['DT-09']?.waiver).toMatchObject({
      requestedBy: asker.id,
      approvedBy: personOf('executive').id,
    });
  });

  it.each([
    ['T0', t0Intake, 14],
    ['T2', t2Intake, 60],
    ['T3', t3Intake, 90],
  ] as const)('of %s ends after the days of its tier at most', (_, intake, maxDays) => {
    const driver = new LaunchDriver(intake);
    expect(request(driver, 'DT-09', maxDays + 1)).toMatchObject({
      code: 'launch.waiver_too_long',
      detail: { maxDays },
    });
    expect(request(driver, 'DT-09', 0)).toMatchObject({ code: 'launch.waiver_too_long' });
    expect(request(driver, 'DT-09', 1.5)).toMatchObject({ code: 'launch.waiver_too_long' });
    expect(request(driver, 'DT-09', maxDays).outcome).toBe('moved');
  });

  it.each(['DA-05', 'DT-06', 'CP-09', 'RE-06', 'RS-01'])('is never given for %s at T0', (id) => {
    expect(request(new LaunchDriver(t0Intake), id)).toMatchObject({ code: 'launch.unwaivable' });
  });

  it('ends at once when the tier rises to one in which the requirement cannot be waived', () => {
    const driver = new LaunchDriver(t2Intake);
    request(driver, 'RS-01');
    approve(driver);
    expect(driver.state('RS-01')).toBe('waived');
    driver.do({ type: 'setTier', to: 'T1', noteId: null, by: personOf('engineer') });
    expect(driver.state('RS-01')).toBe('not_reported');
  });

  it('is not given for what does not block, or is not there', () => {
    const driver = new LaunchDriver(t2Intake);
    expect(request(driver, 'DT-07')).toMatchObject({ code: 'launch.waiver_not_needed' });
    expect(request(driver, 'CP-01')).toMatchObject({ code: 'launch.unknown_requirement' });
    expect(request(driver, '__proto__')).toMatchObject({ code: 'launch.unknown_requirement' });
  });

  it('is limited in number by the tier, requests included', () => {
    const driver = new LaunchDriver(t0Intake);
    request(driver, 'DT-09', 5, 1);
    request(driver, 'RE-02', 5, 2);
    approve(driver, 1);
    expect(request(driver, 'RE-04', 5, 3)).toMatchObject({ code: 'launch.waiver_limit', detail: { openMax: 2 } });
    driver.do({ type: 'refuseWaiver', waiverId: idOf('waiver', 2), by: personOf('policy') });
    expect(request(driver, 'RE-04', 5, 3).outcome).toBe('moved');
    expect(request(driver, 'RE-04', 5, 4)).toMatchObject({ code: 'launch.waiver_pending' });
  });

  it('that was asked for in a milder tier is measured by the new one', () => {
    const driver = new LaunchDriver(t2Intake);
    request(driver, 'DT-09', 60);
    driver.do({ type: 'setTier', to: 'T0', noteId: null, by: personOf('engineer') });
    expect(approve(driver)).toMatchObject({ code: 'launch.waiver_too_long' });
  });

  it('is renewed as often as the tier allows', () => {
    const driver = new LaunchDriver(t0Intake);
    for (const number of [1, 2]) {
      expect(request(driver, 'DT-09', 5, number).outcome).toBe('moved');
      expect(approve(driver, number).outcome).toBe('moved');
    }
    expect(request(driver, 'DT-09', 5, 3)).toMatchObject({
      code: 'launch.waiver_renewals_spent',
      detail: { renewals: 1 },
    });
  });

  it('reminds its owner a week and a day before its end, then blocks again and pages', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll(['DT-09']);
    driver.signAll();
    request(driver, 'DT-09', 10);
    approve(driver);
    const about = (effects: readonly object[]) =>
      effects.filter((effect) => 'subjectId' in effect && effect.subjectId === idOf('waiver', 1));
    expect(about(driver.pass(3 * dayMs - 1))).toEqual([]);
    expect(about(driver.pass(1))).toEqual([
      expect.objectContaining({ reminder: 'waiver_ends_in_7_days', role: 'protection_scientist' }),
    ]);
    expect(about(driver.pass(6 * dayMs))).toEqual([expect.objectContaining({ reminder: 'waiver_ends_in_1_day' })]);
    expect(driver.state('DT-09')).toBe('waived');
    expect(about(driver.pass(dayMs))).toEqual([
      expect.objectContaining({ type: 'pageOwner', reason: 'waiver_expired', role: 'protection_scientist' }),
    ]);
    expect(driver.state('DT-09')).toBe('not_reported');
    expect(driver.launch.requirements['DT-09']?.waiver).toBeNull();
  });

  it('blocks again at its end even when the timer comes late', () => {
    const driver = new LaunchDriver(t2Intake);
    request(driver, 'DT-09', 10);
    approve(driver);
    driver.now += 10 * dayMs;
    expect(driver.state('DT-09')).toBe('not_reported');
  });

  it('is taken back by one person', () => {
    const driver = new LaunchDriver(t2Intake);
    request(driver, 'DT-09');
    approve(driver);
    const revoke = { type: 'revokeWaiver', waiverId: idOf('waiver', 1) } as const;
    expect(driver.code({ ...revoke, by: personOf('launch_owner') })).toBe('launch.role_required');
    expect(driver.code({ ...revoke, by: personOf('policy') })).toBe('moved');
    expect(driver.state('DT-09')).toBe('not_reported');
    expect(driver.code({ ...revoke, by: personOf('policy') })).toBe('launch.unknown_waiver');
  });
});

describe('a claim that a requirement does not apply', () => {
  const claim = {
    type: 'requestNotApplicable',
    requirementId: 'RE-07',
    reasonCode: 'staff_only',
    noteId: null,
  } as const;
  const agree = { type: 'approveNotApplicable', requirementId: 'RE-07' } as const;

  it('counts when a second person agreed, and is shown apart', () => {
    const driver = new LaunchDriver(t3Intake);
    driver.fulfilAll(['RE-07']);
    driver.signAll();
    expect(driver.code({ ...agree, by: personOf('policy') })).toBe('launch.no_claim');
    driver.do({ ...claim, by: personOf('policy') });
    expect(driver.gate.open).toBe(false);
    expect(driver.code({ ...agree, by: personOf('policy') })).toBe('launch.same_person');
    expect(driver.code({ ...agree, by: personOf('engineer') })).toBe('launch.role_required');
    expect(driver.code({ ...agree, by: personOf('ops_lead') })).toBe('moved');
    expect(driver.gate).toMatchObject({ open: true, notApplicable: ['RE-07'] });
    expect(driver.gate.passed).not.toContain('RE-07');
    driver.do({ type: 'refuseNotApplicable', requirementId: 'RE-07', by: personOf('policy') });
    expect(driver.gate.open).toBe(false);
  });

  it('is no way around what cannot be waived', () => {
    const driver = new LaunchDriver(t0Intake);
    expect(driver.code({ ...claim, requirementId: 'RE-06', by: personOf('policy') })).toBe('launch.unwaivable');
  });

  it('is an exception: at most five at a time', () => {
    const driver = new LaunchDriver(t2Intake);
    const ids = Object.keys(driver.launch.requirements).filter((id) => id !== 'DA-05' && id !== 'RE-06');
    for (const requirementId of ids.slice(0, 5)) driver.do({ ...claim, requirementId, by: personOf('policy') });
    expect(driver.code({ ...claim, requirementId: ids[5] ?? '', by: personOf('policy') })).toBe(
      'launch.too_many_claims',
    );
    expect(driver.code({ ...claim, requirementId: ids[0] ?? '', by: personOf('policy') })).toBe('moved');
  });

  it('ends when the capabilities change', () => {
    const driver = new LaunchDriver(t3Intake);
    driver.do({ ...claim, by: personOf('policy') });
    driver.do({ ...agree, by: personOf('ops_lead') });
    driver.do({
      type: 'answerIntake',
      intake: { ...t3Intake, memory: { span: 'across_sessions' } },
      by: personOf('launch_owner'),
    });
    expect(driver.state('RE-07')).toBe('not_reported');
  });
});
