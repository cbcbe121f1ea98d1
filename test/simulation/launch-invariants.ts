import assert from 'node:assert/strict';
import type { Role } from '#domain/actor.ts';
import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { assertReady } from './launch-readiness.ts';
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
    assertRevised(record);
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
function assertHolds({ before, state, event, at }: LaunchRecord): void {
  for (const reason of Object.keys(before.holds)) {
    if (Object.hasOwn(state.holds, reason)) continue;
    assert.ok(event.type === 'release' && event.reason === reason, `${event.type} released ${reason}`);
    assert.ok(
      hasRole(event, ['protection_scientist', 'ops_lead', 'oncall_manager', 'executive']),
      'released by who may not',
    );
    assert.equal(state.lastRelease?.decidedBy, event.by.id);
    assert.equal(before.holds[event.reason]?.count, event.seenCount, 'released more than was seen');
  }
  if (before.heldSinceAt !== null && state.heldSinceAt === null && before.stage !== null && state.stage !== null) {
    const standing = Math.max(before.heldSinceAt, before.stage.openedAt);
    const left = before.stage.soakEndsAt - standing;
    if (left > 0) assert.equal(state.stage.soakEndsAt - at, left, 'time on hold counted as soak');
  }
  assert.equal(
    state.heldSinceAt === null,
    Object.keys(state.holds).length === 0,
    'held without a reason, or the reverse',
  );
  if (event.type === 'caseLinked') {
    assert.ok(!before.cases.recentSeverity1.includes(event.caseId), 'the same case held twice');
    assert.ok(Object.hasOwn(state.holds, 'severity_1_case'), 'a severity-1 case did not hold');
  }
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

/** What people signed for never changes under the revision that they signed. */
function assertRevised({ before, state }: LaunchRecord): void {
  for (const [id, after] of Object.entries(state.requirements)) {
    const old = before.requirements[id];
    if (old === undefined || old.evidence?.hash === after.evidence?.hash) continue;
    assert.equal(after.revision, old.revision + 1, `the evidence of ${id} changed unseen`);
    assert.ok(state.evidenceRevision > before.evidenceRevision, `the evidence set changed unseen with ${id}`);
  }
  if (state.intakeRevision === before.intakeRevision && state.tier === before.tier) return;
  assert.ok(state.evidenceRevision > before.evidenceRevision, 'answers or tier changed unseen');
}
