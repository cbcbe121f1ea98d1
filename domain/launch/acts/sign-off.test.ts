import { describe, expect, it } from 'vitest';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { hashOf, idOf, personOf, t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import type { Person } from '../../actor.ts';
import { dayMs } from '../../time.ts';
import { evidenceSetText } from '../evidence-set.ts';
import { signOffState } from '../sign-offs.ts';

const noteId = idOf('note', 9);
const both = (number: number, ...roles: Person['roles']): Person => ({
  kind: 'person',
  id: idOf('person', number),
  roles,
});

describe('signing off a launch', () => {
  it('takes a person who holds the role', () => {
    const driver = new LaunchDriver(t2Intake);
    const event = {
      type: 'signOff',
      role: 'policy',
      choice: 'approve',
      evidenceRevision: driver.launch.evidenceRevision,
      evidenceSetHash: hashOf(1),
      noteId: null,
      conditionDueAt: null,
    } as const;
    expect(driver.code({ ...event, by: { kind: 'system', id: 'vigil' } })).toBe('decision.person_required');
    expect(driver.code({ ...event, by: { kind: 'service', id: 'svc' } })).toBe('decision.person_required');
    expect(driver.code({ ...event, by: personOf('legal') })).toBe('launch.role_required');
    expect(driver.code({ ...event, by: personOf('policy') })).toBe('moved');
    expect(driver.launch.signOffs.policy).toMatchObject({ personId: personOf('policy').id, choice: 'approve' });
  });

  it('is bound to the evidence that the signer saw', () => {
    const driver = LaunchDriver.ready(t2Intake);
    const seen = driver.launch.evidenceRevision;
    driver.attach('RE-03', 8);
    expect(driver.gate.blockers.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 4 }, () => 'sign_off_voided'),
    );
    const stale = driver.try({
      type: 'signOff',
      role: 'policy',
      choice: 'approve',
      evidenceRevision: seen,
      evidenceSetHash: hashOf(1),
      noteId: null,
      conditionDueAt: null,
      by: personOf('policy'),
    });
    expect(stale).toMatchObject({
      outcome: 'refused',
      code: 'launch.evidence_changed',
      detail: { evidenceRevision: seen + 1 },
    });
    driver.signAll();
    expect(driver.gate.open).toBe(true);
  });

  it('stays void when the old evidence comes back', () => {
    const driver = LaunchDriver.ready(t2Intake);
    const text = evidenceSetText(driver.launch);
    driver.attach('RE-03', 8);
    driver.attach('RE-03', 7);
    expect(evidenceSetText(driver.launch)).toBe(text);
    expect(signOffState(driver.launch, 'policy')).toBe('voided');
  });

  it('is voided by new answers and by another tier, and not by a canary that passes again', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.fulfil('RS-04', 55);
    expect(driver.gate.open).toBe(true);
    driver.do({ type: 'setTier', to: 'T1', noteId: null, by: personOf('legal') });
    expect(signOffState(driver.launch, 'policy')).toBe('voided');
    const answered = LaunchDriver.ready(t2Intake);
    answered.do({
      type: 'answerIntake',
      intake: { ...t2Intake, privacyReview: { state: 'in_progress' } },
      by: personOf('launch_owner'),
    });
    expect(signOffState(answered.launch, 'policy')).toBe('voided');
  });

  it('is refused to whoever supplied evidence for what the role answers for', () => {
    const driver = new LaunchDriver(t2Intake);
    const supplier = personOf('policy');
    driver.do({
      type: 'attachEvidence',
      requirementId: 'SC-04',
      evidenceId: idOf('evidence', 1),
      evidenceHash: hashOf(1),
      validUntilAt: driver.now + dayMs,
      collectedBy: supplier.id,
      by: personOf('engineer'),
    });
    expect(driver.sign('policy')).toMatchObject({ code: 'launch.own_evidence' });
    expect(driver.sign('policy', 'approve', personOf('policy', true)).outcome).toBe('moved');
  });

  it('never lets one person be both owner and watcher, nor fill a third role', () => {
    const driver = new LaunchDriver(t3Intake);
    const one = both(77, 'launch_owner', 'protection_scientist', 'policy', 'legal', 'engineer');
    expect(driver.sign('launch_owner', 'approve', one).outcome).toBe('moved');
    expect(driver.sign('protection_scientist', 'approve', one)).toMatchObject({ code: 'launch.same_person' });
    expect(driver.sign('policy', 'approve', one).outcome).toBe('moved');
    expect(driver.sign('legal', 'approve', one)).toMatchObject({ code: 'launch.too_many_roles' });
    expect(driver.sign('policy', 'approve', one).outcome).toBe('moved');
  });

  it('does not count an abstention as an approval', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll();
    driver.signAll();
    driver.sign('policy', 'abstain');
    expect(driver.gate.blockers).toEqual([
      expect.objectContaining({ requirementId: 'sign_off:policy', state: 'abstained' }),
    ]);
  });
});

describe('an objection', () => {
  it('needs a reason in writing, blocks in any tier, and outlives a change of the evidence', () => {
    const driver = LaunchDriver.ready(t3Intake);
    expect(
      driver.code({
        type: 'signOff',
        role: 'legal',
        choice: 'object',
        evidenceRevision: driver.launch.evidenceRevision,
        evidenceSetHash: hashOf(1),
        noteId: null,
        conditionDueAt: null,
        by: personOf('legal'),
      }),
    ).toBe('launch.note_required');
    driver.sign('legal', 'object');
    expect(driver.gate.blockers).toEqual([
      expect.objectContaining({ requirementId: 'sign_off:legal', state: 'objected' }),
    ]);
    driver.attach('RE-03', 8);
    expect(signOffState(driver.launch, 'legal')).toBe('objected');
  });

  it('is overruled by an executive who did not object, for this evidence only', () => {
    const driver = LaunchDriver.ready(t0Intake);
    driver.sign('legal', 'object');
    const overrule = { type: 'overruleObjection', role: 'legal', noteId } as const;
    expect(driver.code({ ...overrule, by: personOf('launch_owner') })).toBe('launch.role_required');
    expect(driver.code({ ...overrule, role: 'policy', by: personOf('executive') })).toBe('launch.no_objection');
    expect(driver.code({ ...overrule, by: personOf('executive') })).toBe('moved');
    expect(driver.gate.open).toBe(true);
    expect(driver.launch.signOffs.legal?.overruled).toMatchObject({ personId: personOf('executive').id, noteId });
    driver.attach('RE-03', 8);
    expect(signOffState(driver.launch, 'legal')).toBe('objected');
    driver.sign('executive', 'object');
    expect(driver.code({ ...overrule, role: 'executive', by: personOf('executive') })).toBe('launch.same_person');
  });
});

describe('an approval with a condition', () => {
  const conditional = (driver: LaunchDriver, dueInDays: number) =>
    driver.try({
      type: 'signOff',
      role: 'policy',
      choice: 'approve_with_conditions',
      evidenceRevision: driver.launch.evidenceRevision,
      evidenceSetHash: hashOf(1),
      noteId,
      conditionDueAt: driver.now + dueInDays * dayMs,
      by: personOf('policy'),
    });

  it('counts at once, blocks from its date on, and reminds its owner then', () => {
    const driver = LaunchDriver.ready(t2Intake);
    expect(conditional(driver, 0)).toMatchObject({ code: 'launch.condition_invalid' });
    expect(conditional(driver, 91)).toMatchObject({ code: 'launch.condition_invalid' });
    expect(conditional(driver, 1)).toMatchObject({ outcome: 'moved', answer: { conditionId: 'condition-1' } });
    expect(driver.gate.open).toBe(true);
    const told = driver.pass(dayMs);
    expect(told).toContainEqual(
      expect.objectContaining({ reminder: 'condition_due', subjectId: 'condition-1', role: 'policy' }),
    );
    expect(driver.gate.blockers).toEqual([
      expect.objectContaining({ requirementId: 'condition-1', reason: 'condition_overdue' }),
    ]);
    const meet = { type: 'meetCondition', conditionId: 'condition-1', noteId } as const;
    expect(driver.code({ ...meet, by: personOf('launch_owner') })).toBe('launch.role_required');
    expect(driver.code({ ...meet, by: personOf('policy') })).toBe('moved');
    expect(driver.gate.open).toBe(true);
    expect(driver.code({ ...meet, by: personOf('policy') })).toBe('launch.unknown_condition');
  });

  it('is refused when ten are open', () => {
    const driver = LaunchDriver.ready(t2Intake);
    for (let given = 0; given < 10; given += 1) expect(conditional(driver, 2).outcome).toBe('moved');
    expect(conditional(driver, 2)).toMatchObject({ code: 'launch.too_many_conditions' });
  });
});

describe('signing for a requirement', () => {
  const sign = (driver: LaunchDriver, change: object = {}) =>
    driver.code({
      type: 'signRequirement',
      requirementId: 'SC-04',
      choice: 'approve',
      revision: driver.launch.requirements['SC-04']?.revision ?? -1,
      noteId: null,
      by: personOf('policy'),
      ...change,
    });

  it('takes the role of the catalogue, the present evidence, and not one’s own', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.attach('SC-04', 7);
    expect(sign(driver, { by: { kind: 'service', id: 'svc' } })).toBe('decision.person_required');
    expect(sign(driver, { by: personOf('legal') })).toBe('launch.role_required');
    expect(sign(driver, { revision: 0 })).toBe('launch.evidence_changed');
    expect(sign(driver, { requirementId: 'CP-01' })).toBe('launch.unknown_requirement');
    expect(sign(driver, { requirementId: 'RS-04' })).toBe('launch.sign_off_not_asked');
    expect(sign(driver, { choice: 'object' })).toBe('launch.note_required');
    expect(sign(driver, { by: both(5, 'policy') })).toBe('moved');
    expect(driver.state('SC-04')).toBe('pass');
    driver.attach('SC-04', 8);
    expect(driver.state('SC-04')).toBe('stale');
    driver.do({
      type: 'attachEvidence',
      requirementId: 'SC-04',
      evidenceId: idOf('evidence', 3),
      evidenceHash: hashOf(9),
      validUntilAt: driver.now + dayMs,
      collectedBy: personOf('policy').id,
      by: personOf('engineer'),
    });
    expect(sign(driver)).toBe('launch.own_evidence');
  });

  it('fails the requirement when it objects', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.attach('SC-04', 7);
    expect(sign(driver, { choice: 'object', noteId })).toBe('moved');
    expect(driver.state('SC-04')).toBe('fail');
  });

  it('ends with the recertification period', () => {
    const driver = LaunchDriver.ready(t0Intake);
    expect(driver.state('SC-05')).toBe('pass');
    driver.now += 90 * dayMs;
    expect(driver.state('SC-05')).toBe('stale');
  });
});
