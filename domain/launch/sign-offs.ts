import { dutiesByTier } from './duties.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import { requirementsOf } from './requirements.ts';
import { launchRoles } from './roles.ts';
import type { LaunchRole } from './roles.ts';

export const signOffStates = [
  'approved',
  'approved_with_conditions',
  'overruled',
  'missing',
  'abstained',
  'voided',
  'objected',
] as const;
export type SignOffState = (typeof signOffStates)[number];

/**
 * How a role's sign-off stands. Changed evidence voids an approval, and the overruling of an objection with it; the
 * objection itself stays until the role signs otherwise. To abstain is not to approve.
 */
export function signOffState(launch: Launch, role: LaunchRole): SignOffState {
  const given = launch.signOffs[role];
  if (given === undefined) return 'missing';
  if (given.choice === 'abstain') return 'abstained';
  if (given.choice === 'object') {
    return given.overruled !== null && given.overruled.revision === launch.evidenceRevision ? 'overruled' : 'objected';
  }
  if (given.revision !== launch.evidenceRevision) return 'voided';
  return given.choice === 'approve' ? 'approved' : 'approved_with_conditions';
}

/** Roles whose sign-off the tier asks for; an objection of any other role counts as well. */
export const askedRoles = (launch: Launch): readonly LaunchRole[] =>
  launch.tier === null ? [] : dutiesByTier[launch.tier].signOffs;

/** The roles whose sign-off keeps the gate shut. */
export const blockingRoles = (launch: Launch): readonly LaunchRole[] =>
  launchRoles.filter((role) => {
    const state = signOffState(launch, role);
    if (state === 'approved' || state === 'approved_with_conditions' || state === 'overruled') return false;
    return state === 'objected' || askedRoles(launch).includes(role);
  });

/** The roles that a person fills in this launch: those assigned and those signed for. */
const rolesFilledBy = (launch: Launch, personId: string): readonly LaunchRole[] =>
  launchRoles.filter(
    (role) => launch.people[role]?.personId === personId || launch.signOffs[role]?.personId === personId,
  );

/** True when the person would fill a third role. */
export const wouldFillTooMany = (launch: Launch, personId: string, role: LaunchRole): boolean =>
  new Set([...rolesFilledBy(launch, personId), role]).size > 2;

/** True when the person collected or attached the evidence, or reported the result that a sign-off would sign for. */
export const isOwnEvidence = ({ evidence, result }: RequirementState, personId: string): boolean =>
  evidence?.collectedBy === personId || evidence?.attachedBy === personId || result?.reportedBy?.id === personId;

/** True when the person supplied evidence for a requirement that the role answers for. */
export const suppliedFor = (launch: Launch, role: LaunchRole, personId: string): boolean =>
  requirementsOf(launch).some((requirement) => {
    const state = launch.requirements[requirement.id];
    return requirement.owner === role && state !== undefined && isOwnEvidence(state, personId);
  });
