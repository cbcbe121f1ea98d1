import { isBlocking, isWaivable } from './catalogue.ts';
import { judge } from './check-result.ts';
import { checkState, endsAt, findings } from './check.ts';
import type { CheckState, Finding } from './check.ts';
import { evaluateGate } from './gate.ts';
import type { Gate } from './gate.ts';
import { intakeStanding } from './intake-standing.ts';
import type { IntakeStanding } from './intake-standing.ts';
import { plannedAt, requirementsOf } from './requirements.ts';
import type { Launch } from './launch.ts';
import type {
  NotApplicable,
  RequirementState,
  SignOff,
  StoredEvidence,
  StoredResult,
  Waiver,
  WaiverRequest,
} from './launch-parts.ts';
import type { LaunchRole } from './roles.ts';
import { launchRoles } from './roles.ts';
import { askedRoles, signOffState } from './sign-offs.ts';
import type { SignOffState } from './sign-offs.ts';
import { nextAdvance, stageRefusal } from './rollout.ts';
import type { Tier } from './tier.ts';
import type { Requirement } from './catalogue.ts';

/** One line of the readiness page. */
export interface RequirementRow {
  readonly requirementId: string;
  readonly title: string;
  readonly condition: string;
  readonly state: CheckState;
  readonly findings: readonly Finding[];
  readonly blocking: boolean;
  readonly waivable: boolean;
  readonly ownerRole: LaunchRole;
  readonly ownerPersonId: string | null;
  readonly signOffRole: LaunchRole | null;
  readonly dueAt: number | null;
  readonly overdue: boolean;
  /** Sign what you saw: `signRequirement` names this number. */
  readonly revision: number;
  /** The last measurement, with the threshold that counts in this tier. */
  readonly result: (StoredResult & { readonly validUntilAt: number | null }) | null;
  readonly evidence: StoredEvidence | null;
  readonly signOff: RequirementState['signOff'];
  readonly notApplicable: NotApplicable | null;
  readonly waiver: Waiver | null;
  readonly waiverRequest: WaiverRequest | null;
}

export interface SignOffRow {
  readonly role: LaunchRole;
  readonly asked: boolean;
  readonly state: SignOffState;
  readonly given: SignOff | null;
}

/** The readiness page as data: what blocks, whose it is, when it is due, and everything behind it. */
export interface ReadinessView {
  readonly launchId: string;
  readonly productId: string;
  readonly catalogueVersion: string;
  readonly version: number;
  readonly phase: Launch['phase'];
  readonly tier: Tier | null;
  readonly tierBasis: Launch['tierBasis'];
  readonly compressed: boolean;
  readonly plannedAt: number | null;
  readonly people: Launch['people'];
  readonly intake: IntakeStanding | null;
  readonly gate: Gate;
  /** What `advanceStage` would be asked for next; null when the launch has ended. */
  readonly nextStage: ReturnType<typeof nextAdvance> | null;
  /** True when the next stage would open now. */
  readonly ready: boolean;
  /** Why the open stage is not ready to be followed; null when it is, or when none is open. */
  readonly stageBlocker: { readonly code: string; readonly [key: string]: unknown } | null;
  readonly stage: Launch['stage'];
  readonly openings: Launch['openings'];
  readonly holds: Launch['holds'];
  readonly lastRelease: Launch['lastRelease'];
  readonly requirements: readonly RequirementRow[];
  readonly signOffs: readonly SignOffRow[];
  readonly conditions: Launch['conditions'];
  /** Sign what you saw: `signOff` names this number. */
  readonly evidenceRevision: number;
  readonly closed: Launch['closed'];
}

/** Reads a launch as of `now`. Pure: the same state and time give the same page. */
export function readinessView(launch: Launch, now: number): ReadinessView {
  const { tier, stage, closed } = launch;
  const gate = evaluateGate(launch, now);
  const refusal = stage === null || closed !== null ? null : stageRefusal(stage, now);
  return {
    launchId: launch.id,
    productId: launch.productId,
    catalogueVersion: launch.catalogueVersion,
    version: launch.version,
    phase: launch.phase,
    tier,
    tierBasis: launch.tierBasis,
    compressed: launch.compressed,
    plannedAt: launch.intake === null ? null : plannedAt(launch.intake),
    people: launch.people,
    intake: launch.intake === null ? null : intakeStanding(launch.intake),
    gate,
    nextStage: closed === null ? nextAdvance(launch) : null,
    ready: closed === null && launch.heldSinceAt === null && refusal === null && gate.open,
    stageBlocker: refusal === null ? null : { code: refusal.code, ...refusal.detail },
    stage,
    openings: launch.openings,
    holds: launch.holds,
    lastRelease: launch.lastRelease,
    requirements: tier === null ? [] : requirementsOf(launch).flatMap((entry) => rowOf(launch, entry, tier, now)),
    signOffs: launchRoles
      .map((role) => ({
        role,
        asked: askedRoles(launch).includes(role),
        state: signOffState(launch, role),
        given: launch.signOffs[role] ?? null,
      }))
      .filter(({ asked, given }) => asked || given !== null),
    conditions: launch.conditions,
    evidenceRevision: launch.evidenceRevision,
    closed,
  };
}

function rowOf(launch: Launch, requirement: Requirement, tier: Tier, now: number): RequirementRow[] {
  const state = launch.requirements[requirement.id];
  if (state === undefined) return [];
  const shown = checkState(requirement, state, tier, now);
  const { probe, signOff } = requirement.verify;
  const { result } = state;
  const isDone = shown === 'pass' || shown === 'not_applicable' || shown === 'waived';
  return [
    {
      requirementId: requirement.id,
      title: requirement.title,
      condition: requirement.condition,
      state: shown,
      findings: findings(requirement, state, tier, now),
      blocking: isBlocking(requirement, tier),
      waivable: isWaivable(requirement, tier),
      ownerRole: requirement.owner,
      ownerPersonId: launch.people[requirement.owner]?.personId ?? null,
      signOffRole: signOff,
      dueAt: state.dueAt,
      overdue: !isDone && state.dueAt !== null && state.dueAt <= now,
      revision: state.revision,
      result:
        result === null || probe === null
          ? null
          : {
              ...result,
              threshold: judge(probe.measure, tier, result).threshold,
              validUntilAt: endsAt(requirement, state, tier).probe,
            },
      evidence: state.evidence,
      signOff: state.signOff,
      notApplicable: state.notApplicable,
      waiver: state.waiver,
      waiverRequest: state.waiverRequest,
    },
  ];
}
