import { refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { isWaivable } from '../catalogue.ts';
import type { LaunchEffect, LaunchRequest } from '../events.ts';
import { stepTo, withState } from '../change.ts';
import type { Launch } from '../launch.ts';
import { findRequirement } from '../requirements.ts';
import { actRefusal, launchRoles, riskApprovers } from '../roles.ts';

type Of<T extends LaunchRequest['type']> = Extract<LaunchRequest, { type: T }>;

/** Claims at one time, agreed or not. A launch with more of them has the wrong answers in its intake. */
const claimsMax = 5;

/**
 * Claims that a requirement does not apply. Counts for nothing until a second person agrees. What cannot be waived
 * cannot be called not applicable either: the answers of the intake decide there.
 */
export function requestNotApplicable(
  launch: Launch,
  event: Of<'requestNotApplicable'>,
  now: number,
): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, launchRoles);
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null || launch.tier === null) return refused('launch.unknown_requirement');
  if (!isWaivable(found.requirement, launch.tier)) return refused('launch.unwaivable');
  const others = Object.entries(launch.requirements).filter(
    ([id, other]) => id !== found.requirement.id && other.notApplicable !== null,
  );
  if (others.length >= claimsMax) return refused('launch.too_many_claims', { claimsMax });
  const { reasonCode, noteId, by } = event;
  const notApplicable = { reasonCode, noteId, requestedBy: by.id, approvedBy: null, at: now };
  return stepTo(launch, withState(launch, found.requirement.id, { ...found.state, notApplicable }));
}

export function approveNotApplicable(
  launch: Launch,
  event: Of<'approveNotApplicable'>,
  now: number,
): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, riskApprovers);
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null || launch.tier === null) return refused('launch.unknown_requirement');
  const claim = found.state.notApplicable;
  if (claim === null || claim.approvedBy !== null) return refused('launch.no_claim');
  if (!isWaivable(found.requirement, launch.tier)) return refused('launch.unwaivable');
  if (claim.requestedBy === event.by.id) return refused('launch.same_person');
  const notApplicable = { ...claim, approvedBy: event.by.id, at: now };
  return stepTo(launch, withState(launch, found.requirement.id, { ...found.state, notApplicable }));
}

/** Refuses a claim, or takes back one that was agreed: the requirement applies again at once. */
export function refuseNotApplicable(launch: Launch, event: Of<'refuseNotApplicable'>): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, riskApprovers);
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null) return refused('launch.unknown_requirement');
  if (found.state.notApplicable === null) return refused('launch.no_claim');
  return stepTo(launch, withState(launch, found.requirement.id, { ...found.state, notApplicable: null }));
}
