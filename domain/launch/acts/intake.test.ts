import { describe, expect, it } from 'vitest';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { idOf, newLaunch, personOf, plannedIn, startAt, t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { dayMs } from '../../time.ts';
import type { Intake } from '../intake.ts';
import { addWorkingDays } from '../working-days.ts';

const by = personOf('launch_owner');
const dueAt = (driver: LaunchDriver, id: string) => driver.launch.requirements[id]?.dueAt;

describe('answering the intake', () => {
  it('computes the tier, lays down the requirements and starts every measurement that Vigil takes', () => {
    const driver = new LaunchDriver();
    expect(driver.launch).toMatchObject({ version: 1, phase: 'intake', tier: null });
    const step = driver.try({ type: 'answerIntake', intake: t2Intake, by });
    expect(step).toMatchObject({
      outcome: 'moved',
      answer: { tier: 'T2', score: 8, requirements: 34, openAnswers: 0, compressed: false },
    });
    expect(driver.launch).toMatchObject({ version: 2, phase: 'readiness', tier: 'T2', intakeCompleteAt: startAt });
    expect(driver.launch.people.launch_owner?.personId).toBe(t2Intake.ownership.ownerPersonId);
    const runs = driver.effects.map((effect) => (effect.type === 'runProbe' ? effect.probe : effect.type));
    expect(runs.sort()).toEqual(
      [
        'canary',
        'detector_health',
        'enforcement_dry_run',
        'freshness',
        'harm_matrix',
        'intake_complete',
        'kill_switch',
        'owner_resolves',
        'precision',
        'reviewer_protection',
        'rota_filled',
        'routing',
      ].sort(),
    );
  });

  it('is refused whole when it is not an intake, with the pointers', () => {
    const driver = new LaunchDriver();
    const intake = { ...t2Intake, memory: { span: 'for ever' } } as unknown as Intake;
    expect(driver.try({ type: 'answerIntake', intake, by })).toMatchObject({
      code: 'launch.intake_invalid',
      detail: { problems: [{ pointer: '/memory/span', code: 'not_a_choice' }] },
    });
    expect(driver.code({ type: 'answerIntake', intake: t2Intake, by: personOf('engineer') })).toBe(
      'launch.role_required',
    );
    expect(driver.code({ type: 'answerIntake', intake: t2Intake, by: { kind: 'service', id: 's' } })).toBe(
      'decision.person_required',
    );
  });

  it('throws away what was measured of the old answers, and no answer of an old run counts', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.do({ type: 'runChecks', by });
    const oldKey = driver.launch.requirements['SC-01']?.runKey ?? '';
    driver.do({ type: 'answerIntake', intake: { ...t2Intake, privacyReview: { state: 'unknown' } }, by });
    expect(driver.state('SC-01')).toBe('not_reported');
    const result = {
      status: 'pass',
      observed: 0,
      threshold: 0,
      population: 54,
      windowMs: 0,
      evidenceHash: 'a'.repeat(64),
    } as const;
    expect(driver.code({ type: 'checkCompleted', effectKey: oldKey, requirementId: 'SC-01', result })).toBe('ignored');
    expect(driver.state('RS-03')).toBe('pass');
  });

  it('keeps what was supplied for requirements that stay, and drops what no longer applies', () => {
    const driver = new LaunchDriver({ ...t2Intake, memory: { span: 'across_sessions' } });
    driver.fulfil('CP-08');
    driver.fulfil('SC-04');
    driver.do({ type: 'answerIntake', intake: t2Intake, by });
    expect(driver.launch.requirements).not.toHaveProperty('CP-08');
    expect(driver.state('SC-04')).toBe('pass');
    driver.do({ type: 'answerIntake', intake: { ...t2Intake, memory: { span: 'across_sessions' } }, by });
    expect(driver.state('CP-08')).toBe('not_reported');
  });

  it('refuses an owner who fills two other roles', () => {
    const driver = new LaunchDriver(t2Intake);
    const personId = idOf('person', 12);
    for (const role of ['engineer', 'legal'] as const) {
      driver.do({ type: 'assignRole', role, personId, deputyPersonId: null, by });
    }
    expect(driver.code({ type: 'assignRole', role: 'policy', personId, deputyPersonId: null, by })).toBe(
      'launch.too_many_roles',
    );
    const ownership = { ...t2Intake.ownership, ownerPersonId: personId };
    expect(driver.code({ type: 'answerIntake', intake: { ...t2Intake, ownership }, by })).toBe('launch.too_many_roles');
  });
});

describe('due dates', () => {
  it('are the listed days or the lead time, whichever is shorter', () => {
    const driver = new LaunchDriver(t2Intake);
    const launchAt = plannedIn(60);
    expect(dueAt(driver, 'RS-04')).toBe(launchAt - 3 * dayMs);
    // 15 working days are three weeks, shorter than the listed 45 days.
    expect(dueAt(driver, 'SC-01')).toBe(addWorkingDays(launchAt, -15));
    expect(addWorkingDays(launchAt, -15)).toBe(launchAt - 21 * dayMs);
    expect(dueAt(new LaunchDriver(t0Intake), 'SC-01')).toBe(plannedIn(120) - 45 * dayMs);
  });

  it('are not known before the date of the launch is', () => {
    const driver = new LaunchDriver({ ...t2Intake, dates: { ...t2Intake.dates, onePercentAt: 'unknown' } });
    expect(dueAt(driver, 'RS-04')).toBeNull();
    expect(driver.launch.compressed).toBe(false);
    driver.do({ type: 'answerIntake', intake: t2Intake, by });
    expect(dueAt(driver, 'RS-04')).toBe(plannedIn(57));
  });

  it('leave one working day in a compressed launch, and do not move when it is answered again', () => {
    const soon = { ...t2Intake, dates: { ...t2Intake.dates, onePercentAt: plannedIn(10) } };
    const driver = new LaunchDriver(soon);
    expect(driver.launch.compressed).toBe(true);
    expect(dueAt(driver, 'SC-01')).toBe(addWorkingDays(startAt, 1));
    expect(dueAt(driver, 'RS-04')).toBe(plannedIn(7));
    driver.pass(3 * dayMs);
    driver.do({ type: 'answerIntake', intake: { ...soon, reportButton: { on: 'account' } }, by });
    expect(dueAt(driver, 'SC-01')).toBe(addWorkingDays(startAt, 1));
  });

  it.each([
    [15, false],
    [14, true],
  ])('%i working days before a T2 launch: compressed is %s', (days, compressed) => {
    const onePercentAt = addWorkingDays(startAt, days);
    const driver = new LaunchDriver({ ...t2Intake, dates: { ...t2Intake.dates, onePercentAt } });
    expect(driver.launch.compressed).toBe(compressed);
  });

  it('count from when the intake was complete, not from its first answer', () => {
    const driver = new LaunchDriver({ ...t2Intake, privacyReview: { state: 'unknown' } });
    expect(driver.launch).toMatchObject({ compressed: false, intakeCompleteAt: null });
    driver.pass(45 * dayMs);
    driver.do({ type: 'answerIntake', intake: t2Intake, by });
    expect(driver.launch.compressed).toBe(true);
    driver.do({ type: 'answerIntake', intake: { ...t2Intake, reportButton: { on: 'none' } }, by });
    expect(driver.launch.compressed).toBe(true);
  });
});

describe('the tier', () => {
  const set = (to: 'T0' | 'T1' | 'T2' | 'T3', who = personOf('engineer')) =>
    ({ type: 'setTier', to, noteId: null, by: who }) as const;

  it('is raised by any one person, and stays raised when answers change', () => {
    const driver = new LaunchDriver(t3Intake);
    expect(driver.code({ ...set('T1'), by: { kind: 'system', id: 'v' } })).toBe('decision.person_required');
    driver.do(set('T1'));
    expect(driver.launch).toMatchObject({
      tier: 'T1',
      tierBasis: { change: { kind: 'raised', by: [personOf('engineer').id] } },
    });
    driver.do({ type: 'answerIntake', intake: t2Intake, by });
    expect(driver.launch.tier).toBe('T1');
    driver.do({ type: 'answerIntake', intake: t0Intake, by });
    expect(driver.launch.tier).toBe('T0');
  });

  it('is lowered by policy and protection science, two people', () => {
    const driver = new LaunchDriver(t2Intake);
    const two = { ...personOf('policy'), roles: ['policy', 'protection_scientist'] as const };
    expect(driver.code(set('T3'))).toBe('launch.role_required');
    expect(driver.code(set('T3', two))).toBe('moved');
    expect(driver.launch.tier).toBe('T2');
    expect(driver.code(set('T3', two))).toBe('launch.same_person');
    expect(driver.code(set('T3', personOf('policy', true)))).toBe('launch.role_required');
    expect(driver.code(set('T3', personOf('protection_scientist')))).toBe('moved');
    expect(driver.launch).toMatchObject({
      tier: 'T3',
      tierBasis: { proposal: null, change: { kind: 'lowered', by: [two.id, personOf('protection_scientist').id] } },
    });
    expect(driver.code(set('T3'))).toBe('launch.tier_unchanged');
  });

  it('is never lowered below a floor, and a lowering ends with the answers it was about', () => {
    const driver = new LaunchDriver({ ...t2Intake, customisation: { kinds: ['fine_tuning'] } });
    expect(driver.launch.tier).toBe('T1');
    expect(driver.try(set('T2', personOf('policy')))).toMatchObject({
      code: 'launch.tier_floor',
      detail: { floor: 'T1' },
    });
    const lowered = new LaunchDriver(t2Intake);
    lowered.do(set('T3', personOf('policy')));
    lowered.do(set('T3', personOf('protection_scientist')));
    lowered.do({ type: 'answerIntake', intake: { ...t2Intake, privacyReview: { state: 'in_progress' } }, by });
    expect(lowered.launch.tier).toBe('T3');
    lowered.do({ type: 'answerIntake', intake: { ...t2Intake, logging: { events: [], completeness: 'gaps' } }, by });
    expect(lowered.launch.tier).toBe('T1');
  });

  it('needs an intake', () => {
    expect(new LaunchDriver().code(set('T0'))).toBe('launch.intake_missing');
    expect(newLaunch().tier).toBeNull();
  });
});
