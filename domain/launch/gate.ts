import { isBlocking } from './catalogue.ts';
import { checkState, worstFinding } from './check.ts';
import type { CheckState } from './check.ts';
import type { Launch } from './launch.ts';
import { plannedAt, requirementsOf } from './requirements.ts';
import type { LaunchRole } from './roles.ts';
import { blockingRoles, signOffState } from './sign-offs.ts';
import type { SignOffState } from './sign-offs.ts';

/** One thing that keeps the gate shut, with the person who can change that. */
export type Blocker = {
  readonly kind: 'requirement' | 'sign_off' | 'condition' | 'launch';
  /** A requirement's id, `sign_off:<role>`, a condition's id, or `launch`. */
  readonly requirementId: string;
  readonly state: CheckState | SignOffState | 'open';
  readonly ownerRole: LaunchRole;
  readonly ownerPersonId: string | null;
  readonly dueAt: number | null;
  /** Which part is missing and how: `probe_not_reported`, `evidence_stale`, `sign_off_voided`, … */
  readonly reason: string;
};

export interface Gate {
  readonly open: boolean;
  readonly blockers: readonly Blocker[];
  /** Blocking requirements that passed, by id. Waived ones are never among them. */
  readonly passed: readonly string[];
  readonly waived: readonly string[];
  readonly notApplicable: readonly string[];
  /** Requirements that are not fulfilled and do not block in this tier. */
  readonly advisory: readonly string[];
}

/**
 * Whether the next stage may open, and if not, everything that stands against it.
 *
 * Open only when every blocking requirement passes, is not applicable with an approver, or is waived; every role that
 * the tier asks for has approved the present evidence; no objection stands; no condition is overdue; and at least one
 * blocking requirement really passed: a launch on which nothing was measured is never ready.
 */
export function evaluateGate(launch: Launch, now: number): Gate {
  const { tier, intake } = launch;
  const blockers: Blocker[] = [];
  const passed: string[] = [];
  const waived: string[] = [];
  const notApplicable: string[] = [];
  const advisory: string[] = [];
  const owner = (role: LaunchRole) => ({ ownerRole: role, ownerPersonId: launch.people[role]?.personId ?? null });
  if (tier === null || intake === null) {
    const blocker: Blocker = {
      kind: 'launch',
      requirementId: 'launch',
      state: 'not_reported',
      ...owner('launch_owner'),
      dueAt: null,
      reason: 'intake_missing',
    };
    return { open: false, blockers: [blocker], passed, waived, notApplicable, advisory };
  }
  for (const requirement of requirementsOf(launch)) {
    const state = launch.requirements[requirement.id];
    if (state === undefined) throw new RangeError(`requirement ${requirement.id} was never instantiated`);
    const shown = checkState(requirement, state, tier, now);
    if (!isBlocking(requirement, tier)) {
      if (shown !== 'pass' && shown !== 'not_applicable') advisory.push(requirement.id);
    } else if (shown === 'pass') passed.push(requirement.id);
    else if (shown === 'waived') waived.push(requirement.id);
    else if (shown === 'not_applicable') notApplicable.push(requirement.id);
    else {
      blockers.push({
        kind: 'requirement',
        requirementId: requirement.id,
        state: shown,
        ...owner(requirement.owner),
        dueAt: state.dueAt,
        reason: `${worstFinding(requirement, state, tier, now).part}_${shown}`,
      });
    }
  }
  for (const role of blockingRoles(launch)) {
    const state = signOffState(launch, role);
    blockers.push({
      kind: 'sign_off',
      requirementId: `sign_off:${role}`,
      state,
      ...owner(role),
      dueAt: plannedAt(intake),
      reason: `sign_off_${state}`,
    });
  }
  for (const condition of launch.conditions.filter(({ dueAt }) => dueAt <= now)) {
    blockers.push({
      kind: 'condition',
      requirementId: condition.id,
      state: 'open',
      ...owner(condition.role),
      dueAt: condition.dueAt,
      reason: 'condition_overdue',
    });
  }
  if (passed.length === 0) {
    blockers.push({
      kind: 'launch',
      requirementId: 'launch',
      state: 'not_reported',
      ...owner('launch_owner'),
      dueAt: plannedAt(intake),
      reason: 'nothing_measured',
    });
  }
  return { open: blockers.length === 0, blockers, passed, waived, notApplicable, advisory };
}
