import { minuteMs } from '../time.ts';

/** Why a person is paged at all, and by which version of which schedule. */
export interface PersonSource {
  readonly kind: 'person' | 'schedule' | 'round_robin' | 'catch_all' | 'added';
  readonly scheduleId?: string;
  readonly scheduleVersion?: number;
  readonly layerId?: string;
}

export type PageReason =
  | 'rung'
  | 'personal_rule'
  | 'catch_all'
  | 're_page'
  | 'ack_timeout'
  | 'added_responder'
  | 'next_channel'
  | 'drill';

/** `bundled`: it was not sent by itself, because another message to the same contact method names its escalation. */
export type PageResult =
  | 'sent'
  | 'delivered'
  | 'unknown'
  | 'bundled'
  | 'superseded'
  | 'failed_transient'
  | 'failed_permanent';

/** Where a ladder stands. Passes count from 0 and never go back within one escalation; rungs count from 0. */
export interface Position {
  readonly pass: number;
  /** -1 before the first rung is asked; the number of rungs when the catch-all's turn has come. */
  readonly rung: number;
}

export type WalkReason =
  | 'opened'
  | 'unacknowledged'
  | 'escalated'
  | 'reassigned'
  | 'policy_changed'
  | 'ack_timeout'
  | 'snooze_ended'
  | 'hold_ended'
  | 'severity_rose';

/**
 * One run through the policy, from its start to an acknowledgement, the next run, or exhaustion.
 *
 * Phases: `grace` waits before rung 0; `resolving` has asked who is on the rung; `waiting` has paged it and waits for
 * the deadline; `parked` is a low urgency that has told its people and goes no further; `stopped` is not walking.
 */
export interface Walk extends Position {
  readonly number: number;
  readonly reason: WalkReason;
  readonly phase: 'grace' | 'resolving' | 'waiting' | 'parked' | 'stopped';
  /** The version that began this walk: a reply to something older is stale. */
  readonly startedVersion: number;
  /** The version that came to the present position: to escalate as of an older one is too late. */
  readonly arrivedVersion: number;
  /** The end of the grace, of the wait for an answer, or of the wait for an acknowledgement. */
  readonly deadlineAt: number | null;
  /** When a schedule of this pass next changes hands, so that whoever comes on call is paged. */
  readonly resampleAt: number | null;
  readonly repeatsLeft: number;
  readonly passFoundSomeone: boolean;
  /** Rungs of this pass that had nobody. */
  readonly emptyRungs: readonly number[];
  /** Pages of this walk to people of the rungs, shadows not counted, that went out as far as is known. */
  readonly reached: number;
  /** Who acknowledged in this walk, in their order. */
  readonly ackedBy: readonly string[];
}

/** A question to the outside that is not answered yet. An answer to none of these is late and ignored. */
export interface Question extends Position {
  readonly key: string;
  readonly round: number;
  readonly purpose: 'rung' | 're_page' | 'roster' | 'catch_all' | 'ack_timeout' | 'added_responder';
  readonly personIds: readonly string[];
}

/** A notification rule of a person that waits for its time. */
export interface PendingRule extends Position {
  readonly personId: string;
  readonly ruleId: string;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly dueAt: number;
  readonly round: number;
  readonly reason: PageReason;
  readonly source: PersonSource;
  readonly shadow: boolean;
  /** The first page of a person's turn: of high urgency, it is never held back. */
  readonly first: boolean;
  /** How many pages it stands for; more than 1 when the throttle bundled some. */
  readonly bundled: number;
  readonly heldBack: boolean;
}

export interface Page extends Position {
  readonly key: string;
  readonly walk: number;
  readonly round: number;
  readonly personId: string;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly reason: PageReason;
  readonly source: PersonSource;
  readonly shadow: boolean;
  readonly first: boolean;
  readonly startedAt: number;
  readonly result: PageResult | 'in_flight';
  /** True when it is no longer wanted: a sender that has not called out yet must not. */
  readonly cancelled: boolean;
  readonly deliveryId: string | null;
}

export interface PageCounts {
  readonly started: number;
  readonly in_flight: number;
  readonly sent: number;
  readonly delivered: number;
  readonly unknown: number;
  readonly bundled: number;
  readonly superseded: number;
  readonly failed_transient: number;
  readonly failed_permanent: number;
  /** Pages that the per-person throttle moved to a later time or into another page. */
  readonly held_back: number;
}

/** A person whose turn came at least once. */
export interface Responder extends Position {
  readonly personId: string;
  readonly shadow: boolean;
  readonly source: PersonSource;
  readonly walk: number;
  readonly round: number;
  readonly pages: number;
  /** The last way by which a page went out to the person; null when none did. */
  readonly reachedBy: { readonly contactMethodId: string; readonly channel: string } | null;
  readonly recentPagesAt: readonly number[];
  readonly heldBack: number;
  readonly toldResolved: boolean;
}

export interface Acknowledgement extends Position {
  readonly personId: string;
  readonly at: number;
  readonly version: number;
  /** False for someone whom this escalation never paged. */
  readonly paged: boolean;
  /** False when the rung still waits for more people. */
  readonly complete: boolean;
  readonly seenVersion: number | null;
  readonly asOfDeliveryKey: string | null;
}

export type Resolution = { readonly at: number; readonly version: number } & (
  | { readonly kind: 'person'; readonly personId: string }
  | { readonly kind: 'source'; readonly alertEventId: string }
);

/**
 * A page that was ordered has been tried within this time, though the first to take it up be killed: the 15 s that a
 * sender may hold it, and the delay before the next takes it.
 */
export const pageTriedWithinMs = 20_000;

/**
 * At most so many pages per person in any window of that length; what is more is held back and bundled. The ladder counts
 * its own pages, whoever sends counts those of all escalations; neither holds back the first page of a high urgency.
 */
export interface Throttle {
  readonly perPersonWindowMs: number;
  readonly maxPagesPerWindow: number;
}

export const defaultThrottle: Throttle = { perPersonWindowMs: 15 * minuteMs, maxPagesPerWindow: 6 };

export interface MaintenanceWindow {
  readonly windowId: string;
  readonly untilAt: number;
}

export const beforeFirstWalk: Walk = {
  number: 0,
  reason: 'opened',
  phase: 'stopped',
  pass: -1,
  rung: -1,
  startedVersion: 0,
  arrivedVersion: 0,
  deadlineAt: null,
  resampleAt: null,
  repeatsLeft: 0,
  passFoundSomeone: false,
  emptyRungs: [],
  reached: 0,
  ackedBy: [],
};

export const noPages: PageCounts = {
  started: 0,
  in_flight: 0,
  sent: 0,
  delivered: 0,
  unknown: 0,
  bundled: 0,
  superseded: 0,
  failed_transient: 0,
  failed_permanent: 0,
  held_back: 0,
};
