import assert from 'node:assert/strict';
import { catalogueOf } from '#domain/launch/catalogue.ts';
import type { Requirement } from '#domain/launch/catalogue.ts';
import { dutiesByTier } from '#domain/launch/duties.ts';
import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { RequirementState } from '#domain/launch/launch-parts.ts';
import type { Tier } from '#domain/launch/tier.ts';
import { dayMs } from '#domain/time.ts';
import type { Recorded } from './simulate.ts';

/** I8: whenever a stage opened, everything that blocks was shown by something that was measured and had not expired. */
export function assertReady({ before, at, event }: Recorded<Launch, LaunchEvent, LaunchEffect>): void {
  const { tier, intake } = before;
  assert.ok(tier !== null && intake !== null, 'opened without an intake');
  assert.equal(event.type, 'advanceStage');
  assert.deepEqual(before.holds, {}, 'opened while on hold');
  const { stage } = before;
  if (stage !== null) {
    assert.ok(at >= stage.soakEndsAt, 'opened before the soak was over');
    assert.ok(stage.analysis !== null && at - stage.analysis.at < 3 * dayMs, 'opened without a fresh analysis');
    assert.ok(
      stage.analysis.verdict === 'advance_ready' || stage.analysis.acceptedBy !== null,
      'opened on a bad analysis',
    );
  }
  const blocking = catalogueOf('v1').filter(
    ({ appliesTo, blocks }) =>
      blocks.includes(tier) && (appliesTo === 'all' || appliesTo.some((name) => before.capabilities.includes(name))),
  );
  const shown = blocking.map((requirement) => {
    const state = before.requirements[requirement.id];
    assert.ok(state !== undefined, `${requirement.id} was never asked for`);
    if (isExcused(requirement, state, tier, at)) return 'excused';
    assertShown(requirement, state, tier, at);
    if (requirement.verify.probe?.levelBound) assertFullLevel(before, requirement.id, state);
    return 'passed';
  });
  assert.ok(shown.includes('passed'), 'opened on exceptions alone');
  assertSigned(before, tier, at);
}

/** From 50 % on the detectors' level was measured after the 10 % stage had opened, when the full level was asked for. */
function assertFullLevel({ openings }: Launch, id: string, { result }: RequirementState): void {
  const asked = openings.find(({ percent }) => percent === 10);
  if (asked !== undefined)
    assert.ok((result?.measuredAt ?? 0) >= asked.at, `${id} passed on the level of a smaller stage`);
}

function isExcused({ unwaivableIn }: Requirement, { waiver, notApplicable }: RequirementState, tier: Tier, at: number) {
  if (unwaivableIn.includes(tier)) return false;
  return (waiver !== null && waiver.expiresAt > at) || (notApplicable !== null && notApplicable.approvedBy !== null);
}

function assertShown({ id, verify }: Requirement, state: RequirementState, tier: Tier, at: number): void {
  const { probe, evidence, signOff } = verify;
  const { result } = state;
  if (probe !== null) {
    assert.ok(result !== null && result.status === 'pass', `${id} did not pass`);
    const { threshold, better, minPopulation, minWindowMs, validForMs } = probe.measure;
    assert.ok(result.population > 0 && result.population >= minPopulation[tier], `${id} passed on too few`);
    assert.ok(result.windowMs >= minWindowMs[tier], `${id} passed on too short a time`);
    assert.match(result.evidenceHash ?? '', /^[0-9a-f]{64}$/, `${id} passed without proof`);
    assert.ok(result.observed !== null, `${id} passed on nothing`);
    const gap = better === 'higher' ? result.observed - threshold[tier] : threshold[tier] - result.observed;
    assert.ok(gap >= 0, `${id} passed beyond its threshold`);
    assert.ok(result.measuredAt + validForMs[tier] > at, `${id} passed on an old measurement`);
  }
  if (evidence) assert.ok(state.evidence !== null && state.evidence.validUntilAt > at, `${id} has no valid evidence`);
  if (signOff !== null) {
    assert.ok(state.signOff?.choice === 'approve', `${id} is not signed`);
    assert.equal(state.signOff.revision, state.revision, `${id} is signed for other evidence`);
    assert.notEqual(
      state.signOff.personId,
      state.evidence?.collectedBy,
      `${id} is signed by who collected the evidence`,
    );
  }
}

function assertSigned(launch: Launch, tier: Tier, at: number): void {
  for (const role of dutiesByTier[tier].signOffs) {
    const given = launch.signOffs[role];
    assert.ok(given !== undefined && given.choice !== 'abstain', `${role} has not signed`);
    if (given.choice !== 'object')
      assert.equal(given.revision, launch.evidenceRevision, `${role} signed for other evidence`);
  }
  for (const [role, given] of Object.entries(launch.signOffs)) {
    if (given.choice !== 'object') continue;
    assert.ok(given.overruled?.revision === launch.evidenceRevision, `opened over the objection of ${role}`);
  }
  for (const condition of launch.conditions) assert.ok(condition.dueAt > at, `${condition.id} is overdue`);
}
