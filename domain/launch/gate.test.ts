import { describe, expect, it } from 'vitest';
import { LaunchDriver } from '#test/support/launch-driver.ts';
import { hashOf, idOf, newLaunch, personOf, startAt, t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { dayMs } from '../time.ts';
import { evaluateGate } from './gate.ts';
import { requirementsOf } from './requirements.ts';

describe('the gate', () => {
  it('is shut before there is an intake, and right after one', () => {
    expect(evaluateGate(newLaunch(), startAt)).toMatchObject({ open: false, blockers: [{ reason: 'intake_missing' }] });
    const { gate } = new LaunchDriver(t2Intake);
    expect(gate.open).toBe(false);
    expect(gate.passed).toEqual([]);
    expect(gate.blockers).toContainEqual(expect.objectContaining({ reason: 'nothing_measured' }));
  });

  it.each([
    ['T0', t0Intake, 45],
    ['T2', t2Intake, 34],
    ['T3', t3Intake, 34],
  ] as const)('opens for %s when everything is measured and signed', (tier, intake, count) => {
    const driver = LaunchDriver.ready(intake);
    expect(driver.tier).toBe(tier);
    expect(requirementsOf(driver.launch)).toHaveLength(count);
    expect(driver.gate).toMatchObject({ open: true, blockers: [], waived: [], notApplicable: [] });
  });

  it('shuts again for each single blocking requirement that is missing, and for no advisory one', () => {
    for (const intake of [t0Intake, t2Intake, t3Intake]) {
      const ready = LaunchDriver.ready(intake);
      for (const { id, blocks } of requirementsOf(ready.launch)) {
        const driver = new LaunchDriver(intake);
        driver.fulfilAll([id]);
        driver.signAll();
        const { gate } = driver;
        expect(gate.open, id).toBe(!blocks.includes(driver.tier));
        expect(
          gate.blockers.map(({ requirementId }) => requirementId),
          id,
        ).toEqual(gate.open ? [] : [id]);
        expect(gate.advisory, id).toEqual(gate.open ? [id] : []);
      }
    }
  });

  it('says of each blocker what it is, whose it is and when it is due', () => {
    const driver = new LaunchDriver(t2Intake);
    driver.do({
      type: 'assignRole',
      role: 'oncall_manager',
      personId: personOf('oncall_manager').id,
      deputyPersonId: null,
      by: personOf('launch_owner'),
    });
    driver.fulfilAll(['RS-03']);
    driver.signAll();
    expect(driver.gate.blockers).toEqual([
      {
        kind: 'requirement',
        requirementId: 'RS-03',
        state: 'not_reported',
        ownerRole: 'oncall_manager',
        ownerPersonId: personOf('oncall_manager').id,
        dueAt: (t2Intake.dates.onePercentAt as number) - 7 * dayMs,
        reason: 'probe_not_reported',
      },
    ]);
  });

  it.each([
    ['population 0, claimed as a pass', { population: 0 }, 'not_reported'],
    ['a sample too small', { population: 2 }, 'inconclusive'],
    ['a failure', { observed: 20 * 60_000 }, 'fail'],
    ['a warning', { status: 'warn' }, 'warn'],
    ['an error', { status: 'error' }, 'error'],
  ] as const)('stays shut on %s', (_, change, state) => {
    const driver = LaunchDriver.ready(t2Intake);
    const before = driver.launch.requirements['RS-04']?.result;
    if (!before) throw new Error('not measured');
    const { status, observed, threshold, population, windowMs, evidenceHash } = before;
    driver.measure('RS-04', { status, observed, threshold, population, windowMs, evidenceHash, ...change });
    expect(driver.state('RS-04')).toBe(state);
    expect(driver.gate).toMatchObject({ open: false, blockers: [{ requirementId: 'RS-04', state }] });
  });

  it('shuts when a measurement has aged, and when evidence has', () => {
    const driver = LaunchDriver.ready(t2Intake);
    driver.now += 2 * dayMs;
    expect(driver.gate.blockers.map(({ requirementId, reason }) => [requirementId, reason])).toEqual([
      ['RS-04', 'probe_stale'],
    ]);
    driver.now += 364 * dayMs;
    expect(driver.state('RE-05')).toBe('stale');
  });

  it('shuts when a person’s claim that all is done meets an unknown answer', () => {
    const driver = LaunchDriver.ready({ ...t2Intake, privacyReview: { state: 'unknown' } });
    expect(
      driver.code({
        type: 'reportCheck',
        requirementId: 'SC-01',
        result: { status: 'pass', observed: 0, threshold: 0, population: 54, windowMs: 0, evidenceHash: hashOf(1) },
        by: personOf('launch_owner'),
      }),
    ).toBe('launch.check_not_reportable');
  });

  it('does not open on waivers alone: where nothing was measured, nothing is ready', () => {
    const driver = new LaunchDriver(t3Intake);
    for (const [index, { id, blocks, unwaivableIn }] of requirementsOf(driver.launch).entries()) {
      if (!blocks.includes('T3') || unwaivableIn.includes('T3')) continue;
      const waiverId = idOf('waiver', index);
      driver.do({
        type: 'requestWaiver',
        waiverId,
        requirementId: id,
        reasonCode: 'accepted_risk',
        days: 10,
        noteId: idOf('note', 1),
        by: personOf('launch_owner'),
      });
      driver.do({ type: 'approveWaiver', waiverId, by: personOf('executive') });
    }
    driver.signAll();
    const reasons = driver.gate.blockers.map(({ reason }) => reason);
    expect(driver.gate.open).toBe(false);
    expect(reasons).toContain('nothing_measured');
    expect(driver.gate.passed).toEqual([]);
  });
});
