import type { Versioned } from '../machine.ts';
import type { Severity } from '../severity.ts';
import type { Happening } from './happening.ts';
import { beforeFirstWalk, noPages } from './ladder-parts.ts';
import type {
  Acknowledgement,
  MaintenanceWindow,
  Page,
  PageCounts,
  PendingRule,
  Question,
  Resolution,
  Responder,
  Throttle,
  Walk,
} from './ladder-parts.ts';
import { urgencyOf } from './policy.ts';
import type { FrozenPolicy, Urgency } from './policy.ts';

export const ladderStatuses = ['triggered', 'acknowledged', 'snoozed', 'held', 'exhausted', 'resolved'] as const;
export type LadderStatus = (typeof ladderStatuses)[number];

/** What is fixed when an escalation opens. Ids only: no content, no dedup key. */
export interface LadderInput {
  readonly escalationId: string;
  readonly serviceId: string;
  readonly teamId: string | null;
  readonly severity: Severity;
  readonly firingCount: number;
  readonly alertEventId: string;
  readonly policy: FrozenPolicy;
  readonly previousEscalationId: string | null;
  readonly drill: { readonly canaryId: string } | null;
  /** True: a page carries no content. */
  readonly sensitive: boolean;
  readonly throttle: Throttle;
  /** Maintenance windows of the service that are open now. */
  readonly maintenance: readonly MaintenanceWindow[];
  /** Low urgency only: nobody is paged before this moment. */
  readonly holdLowUntilAt: number | null;
}

export interface Ladder extends Versioned {
  readonly status: LadderStatus;
  readonly escalationId: string;
  readonly serviceId: string;
  readonly teamId: string | null;
  readonly previousEscalationId: string | null;
  readonly drill: { readonly canaryId: string } | null;
  readonly sensitive: boolean;
  readonly throttle: Throttle;
  readonly openedAt: number;
  readonly policy: FrozenPolicy;
  /** The person to whom it was reassigned, in place of the policy's rungs; null while it follows the policy. */
  readonly ownerPersonId: string | null;
  /** The worst so far: it never falls while the escalation is open. */
  readonly severity: Severity;
  readonly sourceSeverity: Severity;
  readonly urgency: Urgency;
  readonly firingCount: number;
  readonly triggerCount: number;
  readonly pagedForFiringCount: boolean;
  readonly recentAlertEventIds: readonly string[];
  /** A drill's source has resolved it, but no person has acknowledged yet. */
  readonly sourceResolvedBy: string | null;
  readonly maintenance: readonly MaintenanceWindow[];
  readonly holdLowUntilAt: number | null;
  readonly snoozedUntilAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: number | null;
  readonly ackTimeoutAt: number | null;
  readonly acks: readonly Acknowledgement[];
  readonly resolution: Resolution | null;
  /** Exhausted, and no page to anyone of the rungs went out: only the catch-all is left. */
  readonly noOneReached: boolean;
  readonly walk: Walk;
  /** Counts the questions asked; a page carries the number of the question that led to it. */
  readonly round: number;
  readonly questions: readonly Question[];
  readonly pending: readonly PendingRule[];
  readonly responders: readonly Responder[];
  readonly pages: readonly Page[];
  readonly counts: PageCounts;
  readonly firstAttemptAt: number | null;
  /** When a person who had been paged first did anything here. */
  readonly firstHumanAt: number | null;
  readonly firstAckAt: number | null;
  /** What the last transition did, in its order: the content of its audit event. */
  readonly happened: readonly Happening[];
}

/** The state before the first event, which must be `opened`. */
export function openLadder(input: LadderInput, now: number): Ladder {
  return {
    version: 0,
    status: 'triggered',
    escalationId: input.escalationId,
    serviceId: input.serviceId,
    teamId: input.teamId,
    previousEscalationId: input.previousEscalationId,
    drill: input.drill,
    sensitive: input.sensitive,
    throttle: input.throttle,
    openedAt: now,
    policy: input.policy,
    ownerPersonId: null,
    severity: input.severity,
    sourceSeverity: input.severity,
    urgency: urgencyOf(input.policy, input.severity),
    firingCount: input.firingCount,
    triggerCount: 1,
    pagedForFiringCount: false,
    recentAlertEventIds: [input.alertEventId],
    sourceResolvedBy: null,
    maintenance: input.maintenance,
    holdLowUntilAt: input.holdLowUntilAt,
    snoozedUntilAt: null,
    acknowledgedBy: null,
    acknowledgedAt: null,
    ackTimeoutAt: null,
    acks: [],
    resolution: null,
    noOneReached: false,
    walk: beforeFirstWalk,
    round: 0,
    questions: [],
    pending: [],
    responders: [],
    pages: [],
    counts: noPages,
    firstAttemptAt: null,
    firstHumanAt: null,
    firstAckAt: null,
    happened: [],
  };
}

/**
 * Whether a page that was ordered is still wanted. Whoever sends asks this of the recorded state, in the transaction
 * that writes the delivery and just before calling out; a page that is no longer wanted settles as `superseded`.
 */
export const isPageWanted = (ladder: Ladder, key: string): boolean =>
  ladder.pages.some((page) => page.key === key && page.result === 'in_flight' && !page.cancelled);

/**
 * Whether a page may be left to another message when the person has had many, over all escalations. Never the first page
 * of a person's turn at high urgency, nor a drill's, which would then prove nothing.
 */
export const mayBeBundled = (ladder: Ladder, key: string): boolean =>
  ladder.drill === null && ladder.pages.some((page) => page.key === key && !(page.first && ladder.urgency === 'high'));
