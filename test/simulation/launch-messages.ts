import { catalogueOf } from '#domain/launch/catalogue.ts';
import type { LaunchEvent } from '#domain/launch/events.ts';
import { evaluateGate } from '#domain/launch/gate.ts';
import type { Intake } from '#domain/launch/intake.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { abortReasons, holdReasons, signOffChoices } from '#domain/launch/launch-parts.ts';
import type { HoldReason } from '#domain/launch/launch-parts.ts';
import { launchRoles, releasers, riskApprovers } from '#domain/launch/roles.ts';
import type { LaunchRole } from '#domain/launch/roles.ts';
import { nextAdvance } from '#domain/launch/rollout.ts';
import { tiers } from '#domain/launch/tier.ts';
import { dayMs, hourMs } from '#domain/time.ts';
import { hashOf, idOf, t0Intake, t2Intake, t3Intake } from '#test/support/launches.ts';
import { anyone, someoneOf } from './launch-people.ts';
import { anyResult } from './launch-results.ts';
import type { Random } from './random.ts';

const catalogue = catalogueOf('v1');
const noteId = idOf('note', 1);

function anyIntake(random: Random, now: number): Intake {
  const base = random.pick([t2Intake, t2Intake, t3Intake, t3Intake, t0Intake]);
  const onePercentAt = now + random.int(-5, 70) * dayMs;
  const intake: Intake = {
    ...base,
    dates: { onePercentAt, tenPercentAt: onePercentAt, fiftyPercentAt: onePercentAt, fullAt: onePercentAt },
    memory: { span: random.chance(10) ? 'across_sessions' : 'session' },
    ownership: {
      ...base.ownership,
      ownerPersonId: idOf('person', random.int(1, 2)),
      deputyPersonId: idOf('person', 99),
    },
  };
  if (random.chance(6)) return { ...intake, dates: { ...intake.dates, onePercentAt: 'unknown' } };
  return random.chance(4) ? { ...intake, memory: { span: 'for ever' } as unknown as Intake['memory'] } : intake;
}

/** What someone who wants the launch to go on would do next: see to the first thing that blocks it. */
export function usefulMessage(random: Random, launch: Launch, now: number): LaunchEvent | undefined {
  const { tier } = launch;
  if (tier === null) return answer(random, now);
  const [reason] = Object.keys(launch.holds) as HoldReason[];
  if (reason !== undefined && random.chance(85)) return release(random, launch, reason);
  const { stage } = launch;
  const waits = reason === undefined && stage !== null && (now < stage.soakEndsAt || stage.analysis === null);
  const { blockers } = evaluateGate(launch, now);
  if (waits && blockers.length === 0 && random.chance(90)) return undefined;
  const blocker = blockers.length === 0 || random.chance(80) ? blockers[0] : random.pick(blockers);
  switch (blocker?.kind) {
    case 'requirement':
      if (random.chance(6)) return exception(random, launch, blocker.requirementId);
      return fulfil(random, launch, blocker.requirementId, blocker.reason, now);
    case 'sign_off':
      return sign(random, launch, blocker.ownerRole, 90, now);
    case 'condition':
      return {
        type: 'meetCondition',
        conditionId: blocker.requirementId,
        noteId,
        by: someoneOf(random, blocker.ownerRole),
      };
    default:
      return {
        type: 'advanceStage',
        to: nextAdvance(launch),
        by: someoneOf(random, 'launch_owner', 'protection_scientist', 'ops_lead'),
      };
  }
}

/** Whatever anyone might send at any time: late, early, forbidden, about things that do not exist. */
export function anyMessage(random: Random, launch: Launch, now: number): LaunchEvent | undefined {
  const requirementId = random.chance(3) ? 'XX-99' : random.pick(catalogue).id;
  const waiverId = anyWaiverId(random, launch);
  const make = random.pick<() => LaunchEvent | undefined>([
    () => answer(random, now),
    () => ({ type: 'runChecks', by: anyone(random) }),
    () => ({ type: 'caseLinked', caseId: idOf('case', random.int(1, 4)), severity: random.pick([1, 2, 3, 4]) }),
    () => ({ type: 'detectorDegraded', detectorId: idOf('detector', 1) }),
    () => ({ type: 'hold', noteId, by: anyone(random) }),
    () => release(random, launch, random.pick(holdReasons)),
    () => exception(random, launch, requirementId),
    () => ({ type: 'approveWaiver', waiverId, by: someoneOf(random, ...riskApprovers) }),
    () => ({ type: 'approveWaiver', waiverId, by: someoneOf(random, ...riskApprovers) }),
    () => ({ type: random.pick(['refuseWaiver', 'revokeWaiver']), waiverId, by: someoneOf(random, ...riskApprovers) }),
    () => ({
      type: random.pick(['approveNotApplicable', 'approveNotApplicable', 'refuseNotApplicable']),
      requirementId: anyClaimed(random, launch) ?? requirementId,
      by: someoneOf(random, ...riskApprovers),
    }),
    () => ({
      type: 'setTier',
      to: random.pick(tiers),
      noteId,
      by: someoneOf(random, 'policy', 'protection_scientist'),
    }),
    () => sign(random, launch, random.pick(launchRoles), 30, now),
    () => ({ type: 'overruleObjection', role: random.pick(launchRoles), noteId, by: someoneOf(random, 'executive') }),
    () => ({ type: 'advanceStage', to: random.pick([1, 10, 50, 100, 'sustained']), by: anyone(random) }),
    () => fulfil(random, launch, requirementId, random.pick(['probe', 'evidence', 'sign_off']), now),
    () => ({
      type: 'assignRole',
      role: random.pick(launchRoles),
      personId: idOf('person', random.int(1, 16)),
      deputyPersonId: null,
      by: anyone(random),
    }),
    () =>
      random.chance(15)
        ? { type: 'abort', reasonCode: random.pick(abortReasons), noteId, by: anyone(random) }
        : usefulMessage(random, launch, now),
  ]);
  return make();
}

const answer = (random: Random, now: number): LaunchEvent => ({
  type: 'answerIntake',
  intake: anyIntake(random, now),
  by: someoneOf(random, 'launch_owner', 'protection_scientist'),
});

const release = (random: Random, launch: Launch, reason: HoldReason): LaunchEvent => ({
  type: 'release',
  reason,
  seenCount: (launch.holds[reason]?.count ?? 1) - (random.chance(10) ? 1 : 0),
  noteId,
  by: someoneOf(random, ...releasers),
});

/** Asks for a way around a requirement. */
function exception(random: Random, launch: Launch, requirementId: string): LaunchEvent {
  if (random.chance(35)) {
    const by = someoneOf(random, ...launchRoles);
    return { type: 'requestNotApplicable', requirementId, reasonCode: 'covered_elsewhere', noteId, by };
  }
  return {
    type: 'requestWaiver',
    waiverId: idOf('waiver', launch.version),
    requirementId,
    reasonCode: 'accepted_risk',
    days: random.pick([1, 3, 14, 60, 91]),
    noteId,
    by: someoneOf(random, ...launchRoles),
  };
}

const anyWaiverId = (random: Random, launch: Launch): string =>
  random.pick([
    'wvr_unknown',
    ...Object.values(launch.requirements).flatMap(({ waiver, waiverRequest }) =>
      [waiver?.waiverId, waiverRequest?.waiverId].filter((id) => id !== undefined),
    ),
  ]);

function anyClaimed(random: Random, launch: Launch): string | null {
  const claimed = Object.entries(launch.requirements).filter(([, { notApplicable }]) => notApplicable !== null);
  return claimed.length === 0 ? null : random.pick(claimed)[0];
}

function fulfil(random: Random, launch: Launch, requirementId: string, part: string, now: number): LaunchEvent {
  if (part.startsWith('probe')) {
    const result = anyResult(random, requirementId, launch.tier ?? 'T0', 88);
    const by = random.chance(60) ? ({ kind: 'service', id: idOf('integration', 1) } as const) : anyone(random);
    // Only Vigil knows its own form: a person can but ask for the measurement.
    return requirementId === 'SC-01' && random.chance(90)
      ? { type: 'runChecks', by: someoneOf(random, ...launchRoles) }
      : { type: 'reportCheck', requirementId, result, by };
  }
  if (part.startsWith('evidence')) {
    return {
      type: 'attachEvidence',
      requirementId,
      evidenceId: idOf('evidence', random.int(1, 50)),
      evidenceHash: random.chance(4) ? 'see the wiki' : hashOf(random.int(1, 50)),
      validUntilAt: now + random.pick([-1, 2, 20, 60, 60, 60, 60, 60, 1_000]) * dayMs,
      collectedBy: idOf('person', random.int(10, 13)),
      by: someoneOf(random, ...launchRoles),
    };
  }
  const role = catalogue.find(({ id }) => id === requirementId)?.verify.signOff ?? 'policy';
  return {
    type: 'signRequirement',
    requirementId,
    choice: random.chance(93) ? 'approve' : 'object',
    revision: (launch.requirements[requirementId]?.revision ?? 0) - (random.chance(6) ? 1 : 0),
    noteId,
    by: someoneOf(random, role),
  };
}

function sign(random: Random, launch: Launch, role: LaunchRole, approvePercent: number, now: number): LaunchEvent {
  const choice = random.chance(approvePercent) ? 'approve' : random.pick(signOffChoices);
  return {
    type: 'signOff',
    role,
    choice,
    evidenceRevision: launch.evidenceRevision - (random.chance(4) ? 1 : 0),
    evidenceSetHash: hashOf(launch.evidenceRevision),
    noteId,
    conditionDueAt: choice === 'approve_with_conditions' ? now + random.int(1, 200) * hourMs : null,
    by: someoneOf(random, role),
  };
}
