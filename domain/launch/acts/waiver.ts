import { refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { dayMs } from '../../time.ts';
import { isBlocking, isWaivable } from '../catalogue.ts';
import type { Requirement } from '../catalogue.ts';
import { isWaived } from '../check.ts';
import { dutiesByTier } from '../duties.ts';
import type { LaunchEffect, LaunchRequest } from '../events.ts';
import { stepTo, withState } from '../change.ts';
import type { Launch } from '../launch.ts';
import type { RequirementState, Waiver } from '../launch-parts.ts';
import { findRequirement, requirementsOf } from '../requirements.ts';
import { actRefusal, launchRoles, riskApprovers } from '../roles.ts';
import type { Tier } from '../tier.ts';
import { waiverRemindersPast } from '../waivers.ts';

type Of<T extends LaunchRequest['type']> = Extract<LaunchRequest, { type: T }>;

/** Asks to be let through without a requirement for some days. Also how a waiver that is running is renewed. */
export function requestWaiver(launch: Launch, event: Of<'requestWaiver'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, launchRoles);
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null || launch.tier === null) return refused('launch.unknown_requirement');
  const { requirement, state } = found;
  const limit = limitRefusal(launch, requirement, state, launch.tier, event.days, now);
  if (limit !== null) return limit;
  const { waiverId, reasonCode, days, noteId } = event;
  const waiverRequest = { waiverId, reasonCode, days, noteId, requestedBy: event.by.id, requestedAt: now };
  return stepTo(launch, withState(launch, requirement.id, { ...state, waiverRequest }));
}

function limitRefusal(
  launch: Launch,
  requirement: Requirement,
  state: RequirementState,
  tier: Tier,
  days: number,
  now: number,
) {
  const { maxDays, openMax, renewals } = dutiesByTier[tier].waiver;
  if (!isWaivable(requirement, tier)) return refused('launch.unwaivable');
  if (!isBlocking(requirement, tier)) return refused('launch.waiver_not_needed');
  if (state.waiverRequest !== null) return refused('launch.waiver_pending', { waiverId: state.waiverRequest.waiverId });
  if (!Number.isSafeInteger(days) || days < 1 || days > maxDays) return refused('launch.waiver_too_long', { maxDays });
  if (state.waiversGiven > renewals) return refused('launch.waiver_renewals_spent', { renewals });
  const others = Object.entries(launch.requirements).filter(
    ([id, other]) => id !== requirement.id && (other.waiverRequest !== null || (other.waiver?.expiresAt ?? 0) > now),
  );
  return openMax !== null && others.length >= openMax ? refused('launch.waiver_limit', { openMax }) : null;
}

/** Gives the waiver: by a second person who may accept risk. It runs from now for the days that were asked for. */
export function approveWaiver(launch: Launch, event: Of<'approveWaiver'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, riskApprovers);
  if (refusal !== null) return refusal;
  const found = withWaiver(launch, ({ waiverRequest }) => waiverRequest?.waiverId === event.waiverId);
  const request = found?.state.waiverRequest ?? null;
  if (found === null || request === null || launch.tier === null) return refused('launch.unknown_waiver');
  if (request.requestedBy === event.by.id) return refused('launch.same_person');
  const { requirement, state } = found;
  // The tier may have risen since the request.
  const others = {
    ...launch,
    requirements: { ...launch.requirements, [requirement.id]: { ...state, waiverRequest: null } },
  };
  const limit = limitRefusal(others, requirement, { ...state, waiverRequest: null }, launch.tier, request.days, now);
  if (limit !== null) return limit;
  const expiresAt = now + request.days * dayMs;
  const waiver: Waiver = {
    ...request,
    approvedBy: event.by.id,
    approvedAt: now,
    expiresAt,
    reminded: waiverRemindersPast(expiresAt, now),
  };
  const waived = { ...state, waiver, waiverRequest: null, waiversGiven: state.waiversGiven + 1 };
  return stepTo(launch, withState(launch, requirement.id, waived), [], { requirementId: requirement.id, expiresAt });
}

export function refuseWaiver(launch: Launch, event: Of<'refuseWaiver'>): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, riskApprovers);
  if (refusal !== null) return refusal;
  const found = withWaiver(launch, ({ waiverRequest }) => waiverRequest?.waiverId === event.waiverId);
  if (found === null) return refused('launch.unknown_waiver');
  const { requirement, state } = found;
  return stepTo(launch, withState(launch, requirement.id, { ...state, waiverRequest: null }));
}

/** Takes a running waiver back: the requirement blocks again at once. One person is enough to be stricter. */
export function revokeWaiver(launch: Launch, event: Of<'revokeWaiver'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, riskApprovers);
  if (refusal !== null) return refusal;
  const found = withWaiver(launch, ({ waiver }) => waiver?.waiverId === event.waiverId);
  if (found === null || launch.tier === null) return refused('launch.unknown_waiver');
  const { requirement, state } = found;
  const wasWaived = isWaived(requirement, state, launch.tier, now);
  return stepTo(launch, withState(launch, requirement.id, { ...state, waiver: null }), [], { wasWaived });
}

function withWaiver(launch: Launch, matches: (state: RequirementState) => boolean) {
  for (const requirement of requirementsOf(launch)) {
    const state = launch.requirements[requirement.id];
    if (state !== undefined && matches(state)) return { requirement, state };
  }
  return null;
}
