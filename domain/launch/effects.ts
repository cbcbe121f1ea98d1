import { measuredProbe } from './catalogue.ts';
import type { Requirement } from './catalogue.ts';
import { findings } from './check.ts';
import { nextPercent } from './launch.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import type { LaunchEffect, Reminder } from './events.ts';
import type { LaunchRole } from './roles.ts';

/** Unique for ever: one transition, which its version numbers, has one effect of a type on a subject. */
export const effectKey = (launch: Launch, type: LaunchEffect['type'], subject: string): string =>
  `v${launch.version + 1}:${type}:${subject}`;

/**
 * Asks Vigil to measure the requirement anew. The answer of an earlier run is no longer awaited. Null when Vigil does not
 * measure it, or a passing result from outside stands and would only be lost.
 */
export function startRun(
  launch: Launch,
  requirement: Requirement,
  state: RequirementState,
  now: number,
): { state: RequirementState; effect: LaunchEffect } | null {
  const probe = measuredProbe(requirement);
  if (probe === null || launch.tier === null) return null;
  const isReported = state.result !== null && state.result.reportedBy !== null;
  const [measured] = findings(requirement, state, launch.tier, now);
  if (isReported && measured?.part === 'probe' && measured.state === 'pass') return null;
  const key = effectKey(launch, 'runProbe', requirement.id);
  return {
    state: { ...state, runKey: key, refreshAt: null },
    effect: {
      type: 'runProbe',
      key,
      requirementId: requirement.id,
      probe,
      tier: launch.tier,
      percent: nextPercent(launch) ?? 100,
    },
  };
}

export function remind(launch: Launch, role: LaunchRole, reminder: Reminder, subjectId: string): LaunchEffect {
  const who = launch.people[role];
  return {
    type: 'remindOwner',
    key: effectKey(launch, 'remindOwner', `${subjectId}:${reminder}`),
    reminder,
    subjectId,
    role,
    personId: who?.personId ?? null,
    deputyPersonId: who?.deputyPersonId ?? null,
  };
}

export function page(
  launch: Launch,
  role: LaunchRole,
  reason: Extract<LaunchEffect, { type: 'pageOwner' }>['reason'],
  subjectId: string | null,
): LaunchEffect {
  return {
    type: 'pageOwner',
    key: effectKey(launch, 'pageOwner', `${reason}:${role}${subjectId === null ? '' : `:${subjectId}`}`),
    reason,
    subjectId,
    role,
    personId: launch.people[role]?.personId ?? null,
  };
}
