import type { Actor, Role } from '../actor.ts';
import { holds, isPerson } from '../actor.ts';
import { refused } from '../machine.ts';
import type { Refusal } from '../machine.ts';

/** The roles that answer for a launch: requirements are owned by them and sign-offs are given for them. */
export const launchRoles = [
  'launch_owner',
  'protection_scientist',
  'policy',
  'ops_lead',
  'investigator',
  'data_engineer',
  'engineer',
  'legal',
  'oncall_manager',
  'executive',
] as const satisfies readonly Role[];
export type LaunchRole = (typeof launchRoles)[number];

/** May accept a risk for others: waivers and claims that a requirement does not apply. */
export const riskApprovers = [
  'policy',
  'protection_scientist',
  'ops_lead',
  'executive',
] as const satisfies readonly LaunchRole[];

/** May advance a stage: who owns the launch, its monitoring or the review of its cases. */
export const advancers = ['launch_owner', 'protection_scientist', 'ops_lead'] as const satisfies readonly LaunchRole[];

/** May end a hold. The launch owner is left out: whoever wants the launch does not judge alone that it is safe. */
export const releasers = [
  'protection_scientist',
  'ops_lead',
  'oncall_manager',
  'executive',
] as const satisfies readonly LaunchRole[];

/** May stop a launch for good. */
export const aborters = [
  'launch_owner',
  'protection_scientist',
  'ops_lead',
  'oncall_manager',
  'executive',
] as const satisfies readonly LaunchRole[];

/** Stopping is cheap: any launch role and whoever is on call may hold. */
export const holders = [...launchRoles, 'responder'] as const satisfies readonly Role[];

/** Null when a person with one of the roles asks; otherwise why not. */
export function actRefusal(by: Actor, wanted: readonly Role[]): Refusal | null {
  if (!isPerson(by)) return refused('decision.person_required');
  return holds(by, ...wanted) ? null : refused('launch.role_required', { roles: wanted });
}
