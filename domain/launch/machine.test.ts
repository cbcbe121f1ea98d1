import { describe, expect, it } from 'vitest';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { hashOf, idOf, newLaunch, personOf, plannedIn, startAt, t0Intake, t2Intake } from '#test/support/launches.ts';
import { dayMs, hourMs } from '../time.ts';
import { evidenceSetText } from './evidence-set.ts';
import { launchMachine } from './machine.ts';
import { requirementsOf } from './requirements.ts';
import { launchRoles } from './roles.ts';
import { readinessView } from './view.ts';

describe('the machine', () => {
  it('opens once', () => {
    const driver = new LaunchDriver();
    expect(driver.launch.version).toBe(1);
    expect(driver.code({ type: 'opened' })).toBe('ignored');
    expect(launchMachine.nextDue(newLaunch())).toBeNull();
  });

  it('reminds owners a week and a day before, at the date, and the deputy two days after', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll(['RE-05', 'DT-07']);
    const told = () =>
      driver.effects.flatMap((effect) =>
        effect.type === 'remindOwner' && effect.subjectId === 'RE-05' ? [[effect.reminder, effect.role]] : [],
      );
    const dueAt = plannedIn(60 - 14);
    driver.pass(dueAt - 7 * dayMs - driver.now - 1);
    expect(told()).toEqual([]);
    driver.pass(1);
    driver.pass(6 * dayMs);
    driver.pass(dayMs);
    driver.pass(2 * dayMs);
    expect(told()).toEqual([
      ['due_in_7_days', 'policy'],
      ['due_in_1_day', 'policy'],
      ['due', 'policy'],
      ['overdue', 'policy'],
    ]);
    // Advice is nobody's debt, and what is fulfilled needs no reminder.
    const reminders = driver.effects.flatMap((effect) =>
      effect.type === 'remindOwner' && effect.reminder !== 'result_stale' ? [effect.subjectId] : [],
    );
    expect(reminders).not.toContain('DT-07');
    expect(reminders).not.toContain('SC-04');
  });

  it('sends one reminder after an outage, not all that were missed', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll(['RE-05']);
    driver.now = plannedIn(60 - 14) + hourMs;
    const effects = driver.do({ type: 'due' });
    const reminders = effects.filter((effect) => effect.type === 'remindOwner' && effect.subjectId === 'RE-05');
    expect(reminders).toEqual([expect.objectContaining({ reminder: 'due' })]);
  });

  it('ignores a due event before its time', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.now = (launchMachine.nextDue(driver.launch) ?? 0) - 1;
    expect(driver.code({ type: 'due' })).toBe('ignored');
    driver.now += 1;
    expect(driver.code({ type: 'due' })).toBe('moved');
  });
});

describe('the state', () => {
  it('of a T0 launch with everything in it stays below 40 kB, and holds no more after a hundred rounds', () => {
    const driver = LaunchDriver.ready(t0Intake);
    fill(driver);
    const size = JSON.stringify(driver.launch).length;
    expect(size).toBeLessThan(40_000);
    for (let round = 1; round <= 100; round += 1) {
      for (const { id } of requirementsOf(driver.launch)) if (id !== 'SC-01') driver.fulfil(id, round + 100);
      driver.do({ type: 'caseLinked', caseId: idOf('case', round), severity: 1 });
      driver.do({ type: 'hold', noteId: idOf('note', round), by: personOf('engineer') });
    }
    for (const role of launchRoles) driver.sign(role, 'object');
    expect(JSON.stringify(driver.launch).length).toBeLessThan(40_000);
  });
});

/** Puts into the state everything that has room in it. */
function fill(driver: LaunchDriver): void {
  driver.advance(1);
  driver.pass(48 * hourMs);
  driver.analyse();
  for (const role of launchRoles) {
    driver.do({
      type: 'assignRole',
      role,
      personId: personOf(role).id,
      deputyPersonId: personOf(role, true).id,
      by: personOf('launch_owner'),
    });
  }
  for (const [index, requirementId] of ['DT-09', 'RE-02'].entries()) {
    for (const number of [1, 2]) {
      const waiverId = idOf('waiver', index * 10 + number);
      const noteId = idOf('note', 1);
      driver.do({
        type: 'requestWaiver',
        waiverId,
        requirementId,
        reasonCode: 'compensating_control',
        days: 10,
        noteId,
        by: personOf('legal'),
      });
      if (number === 1) driver.do({ type: 'approveWaiver', waiverId, by: personOf('policy') });
    }
  }
  const claimable = requirementsOf(driver.launch).filter(({ unwaivableIn }) => unwaivableIn.length === 0);
  for (const { id } of claimable.slice(0, 5)) {
    const claim = { requirementId: id, reasonCode: 'covered_elsewhere', noteId: idOf('note', 1) } as const;
    driver.do({ type: 'requestNotApplicable', ...claim, by: personOf('legal') });
  }
  for (let given = 0; given < 10; given += 1) {
    driver.do({
      type: 'signOff',
      role: 'policy',
      choice: 'approve_with_conditions',
      evidenceRevision: driver.launch.evidenceRevision,
      evidenceSetHash: hashOf(1),
      noteId: idOf('note', given),
      conditionDueAt: driver.now + 90 * dayMs,
      by: personOf('policy'),
    });
  }
}

describe('the readiness page', () => {
  it('says what blocks, whose it is, when it is due, and what comes next', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.fulfilAll(['RS-03', 'RE-05']);
    driver.pass(50 * dayMs);
    const view = readinessView(driver.launch, driver.now);
    expect(view).toMatchObject({
      phase: 'readiness',
      tier: 'T2',
      catalogueVersion: 'v1',
      plannedAt: plannedIn(60),
      nextStage: 1,
      ready: false,
      stageBlocker: null,
      intake: { answers: 54, open: 0 },
    });
    expect(view.requirements).toHaveLength(34);
    expect(view.requirements.find(({ requirementId }) => requirementId === 'RE-05')).toMatchObject({
      state: 'not_reported',
      blocking: true,
      overdue: true,
      ownerRole: 'policy',
      signOffRole: 'legal',
      dueAt: plannedIn(46),
      findings: [
        { part: 'evidence', state: 'not_reported' },
        { part: 'sign_off', state: 'not_reported' },
      ],
    });
    expect(view.requirements.find(({ requirementId }) => requirementId === 'RS-03')).toMatchObject({ overdue: false });
    expect(view.signOffs.map(({ role, state }) => [role, state])).toEqual([
      ['launch_owner', 'missing'],
      ['protection_scientist', 'missing'],
      ['policy', 'missing'],
      ['ops_lead', 'missing'],
    ]);
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  it('is ready exactly when the next stage would open', () => {
    const driver = LaunchDriver.ready(t2Intake);
    expect(readinessView(driver.launch, driver.now)).toMatchObject({ ready: true, nextStage: 1 });
    driver.do({ type: 'hold', noteId: null, by: personOf('engineer') });
    expect(readinessView(driver.launch, driver.now).ready).toBe(false);
    driver.do({
      type: 'release',
      reason: 'requested',
      seenCount: 1,
      noteId: idOf('note', 1),
      by: personOf('ops_lead'),
    });
    driver.advance(1);
    expect(readinessView(driver.launch, driver.now)).toMatchObject({
      ready: false,
      nextStage: 10,
      stageBlocker: { code: 'launch.soak_running', soakEndsAt: startAt + 24 * hourMs },
    });
  });

  it('before the intake shows an empty list and a shut gate', () => {
    expect(readinessView(newLaunch(), startAt)).toMatchObject({
      requirements: [],
      gate: { open: false },
      ready: false,
    });
  });
});

describe('the evidence set', () => {
  it('is the same text for the same set, whatever else happens', () => {
    const one = LaunchDriver.ready(t2Intake);
    const text = evidenceSetText(one.launch);
    expect(text.split('\n').slice(0, 3)).toEqual(['catalogue v1', 'intake 1', 'tier T2']);
    one.fulfil('RS-04', 1234);
    one.do({ type: 'hold', noteId: null, by: personOf('engineer') });
    one.pass(dayMs);
    expect(evidenceSetText(one.launch)).toBe(text);
    one.attach('RE-03', 1235);
    expect(evidenceSetText(one.launch)).not.toBe(text);
  });
});
