import assert from 'node:assert/strict';
import type { Role } from '#domain/actor.ts';
import { catalogueOf } from '#domain/launch/catalogue.ts';
import type { Requirement } from '#domain/launch/catalogue.ts';
import { dutiesByTier } from '#domain/launch/duties.ts';
import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import type { RequirementState } from '#domain/launch/launch-parts.ts';
import type { Tier } from '#domain/launch/tier.ts';
import { dayMs } from '#domain/time.ts';
import type { Recorded, Run } from './simulate.ts';

type LaunchRecord = Recorded<Launch, LaunchEvent, LaunchEffect>;

/** What must hold of every run. Judges the states by the catalogue's data, with none of the code that opened the gate. */
export function assertLaunchRun(run: Run<Launch, LaunchEvent, LaunchEffect>): void {
  for (const record of run.records) {
    assertDecidedByPeople(record);
    assertHolds(record);
    assertFourEyes(record.state);
    assertRunKeys(record);
    assertWaiverEnds(record);
    const opened = record.state.openings.length - record.before.openings.length;
    assert.equal(
      opened,
      record.effects.filter(({ type }) => type === 'stageOpened').length,
      'a stage opens with its effect',
    );
    if (opened > 0 || record.state.phase === 'sustained') assertReady(record);
    assert.ok(record.state.evidenceRevision >= record.before.evidenceRevision, 'the revision of the evidence fell');
  }
  assert.ok(JSON.stringify(run.final).length < 60_000, 'the state grows');
}

/** I8: whenever a stage opened, everything that blocks was shown by something that was measured and had not expired. */
function assertReady({ before, at, event }: LaunchRecord): void {
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
    return 'passed';
  });
  assert.ok(shown.includes('passed'), 'opened on exceptions alone');
  assertSigned(before, tier, at);
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

/** I6: two different people wherever two are asked for. */
function assertFourEyes({ requirements, tierBasis, signOffs }: Launch): void {
  for (const [id, { waiver, notApplicable }] of Object.entries(requirements)) {
    if (waiver !== null) assert.notEqual(waiver.approvedBy, waiver.requestedBy, `${id} is waived by one person`);
    if (notApplicable !== null)
      assert.notEqual(notApplicable.approvedBy, notApplicable.requestedBy, `${id} is excused by one`);
  }
  const change = tierBasis?.change ?? null;
  if (change?.kind === 'lowered') assert.equal(new Set(change.by).size, 2, 'one person lowered the tier');
  for (const given of Object.values(signOffs)) {
    if (given.overruled !== null)
      assert.notEqual(given.overruled.personId, given.personId, 'who objected overruled it');
  }
  const owner = signOffs.launch_owner?.personId;
  assert.ok(owner === undefined || owner !== signOffs.protection_scientist?.personId, 'one person owns and watches');
  const signed = Object.values(signOffs).map(({ personId }) => personId);
  for (const personId of signed)
    assert.ok(signed.filter((id) => id === personId).length <= 2, 'one person signed three times');
}

const hasRole = (event: LaunchEvent, roles: readonly Role[]): boolean =>
  'by' in event && event.by.kind === 'person' && event.by.roles.some((role) => roles.includes(role));

/** The launch moves on only by a person's act, and its records name that person. */
function assertDecidedByPeople({ before, state, event }: LaunchRecord): void {
  if (before.phase !== state.phase) {
    assert.ok(['answerIntake', 'advanceStage', 'abort'].includes(event.type), `${event.type} changed the phase`);
    assert.ok('by' in event && event.by.kind === 'person', 'a machine changed the phase');
  }
  if (state.openings.length > before.openings.length) {
    assert.ok(hasRole(event, ['launch_owner', 'protection_scientist', 'ops_lead']), 'opened by who may not');
    assert.equal(state.openings.at(-1)?.decidedBy, 'by' in event && event.by.id);
  }
  if (state.closed !== null) assert.equal(state.closed.decidedBy, 'by' in event && event.by.id);
}

/** A hold goes only by a release of a person who may; a severity-1 case always brings one. */
function assertHolds({ before, state, event }: LaunchRecord): void {
  for (const reason of Object.keys(before.holds)) {
    if (Object.hasOwn(state.holds, reason)) continue;
    assert.ok(event.type === 'release' && event.reason === reason, `${event.type} released ${reason}`);
    assert.ok(
      hasRole(event, ['protection_scientist', 'ops_lead', 'oncall_manager', 'executive']),
      'released by who may not',
    );
    assert.equal(state.lastRelease?.decidedBy, event.by.id);
  }
  assert.equal(
    state.heldSinceAt === null,
    Object.keys(state.holds).length === 0,
    'held without a reason, or the reverse',
  );
  if (event.type === 'caseLinked')
    assert.ok(Object.hasOwn(state.holds, 'severity_1_case'), 'a severity-1 case did not hold');
}

function assertRunKeys({ before, event }: LaunchRecord): void {
  if (event.type === 'checkCompleted') {
    assert.equal(before.requirements[event.requirementId]?.runKey, event.effectKey, 'took the answer of an old run');
  }
  if (event.type === 'stageAnalysed') assert.equal(before.stage?.analysisKey, event.effectKey, 'took an old analysis');
}

/** A waiver that ends by itself is always told with a page. */
function assertWaiverEnds({ before, state, event, effects, at }: LaunchRecord): void {
  if (event.type !== 'due') return;
  for (const [id, { waiver }] of Object.entries(before.requirements)) {
    if (waiver === null || state.requirements[id]?.waiver !== null) continue;
    assert.ok(waiver.expiresAt <= at, `the waiver of ${id} ended early`);
    const paged = effects.some((effect) => effect.type === 'pageOwner' && effect.subjectId === waiver.waiverId);
    assert.ok(paged, `nobody was paged for the end of the waiver of ${id}`);
  }
}
