import type { Actor, Role } from '../actor.ts';
import type { Versioned } from '../machine.ts';
import type { EnforcementOutcome } from '../review/case.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { fourEyesReasons } from './actions.ts';
import type { ActionName, FourEyesReason, TargetKind } from './actions.ts';
import { idleDuty } from './duty.ts';
import type { Duty } from './duty.ts';

export const dutyNames = [
  'apply',
  'lift',
  'strike',
  'void_strike',
  'statement',
  'notice',
  'permanent_statement',
  'permanent_notice',
  'reversal_notice',
] as const;
export type DutyName = (typeof dutyNames)[number];

/**
 * - `awaiting_approval`: four eyes; it expires.
 * - `applying`: the platform is being asked, or will be again by timer.
 * - `stopped`: a kill switch holds the application back.
 * - `apply_failed`, `lift_failed`: parked and escalated; a person retries, reverses, or does it by hand.
 * - `active`: in force, with an end. `permanent`: in force without one.
 * - `lifting`: the end is being carried out.
 * - `lifted`: ended in time; it can still be reversed until the appeal window closes.
 * - `reversed`: undone, or cancelled before it was applied. `refused`: never approved.
 */
export type OrderStatus =
  | 'proposed'
  | 'awaiting_approval'
  | 'applying'
  | 'stopped'
  | 'apply_failed'
  | 'active'
  | 'permanent'
  | 'lifting'
  | 'lift_failed'
  | 'lifted'
  | 'reversed'
  | 'refused';

export const reversalReasons = [
  'appeal_overturned',
  'mistake',
  'new_evidence',
  'policy_changed',
  'detector_recalled',
  'legal_order',
] as const;
export type ReversalReason = (typeof reversalReasons)[number];

export const refusalReasons = ['not_proportionate', 'not_proven', 'wrong_target', 'wrong_policy'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface OrderLimits {
  /** How long an approval may take; after it the order is refused. */
  readonly approvalMs: number;
  /** The slow retries after an effect's own quick ones are used up, one delay each. */
  readonly retryDelaysMs: readonly number[];
  /** How often a stopped order looks again whether the kill switch is gone, should the news of it get lost. */
  readonly stoppedRecheckMs: number;
  /** How long a kill switch may hold the order back before that is escalated. */
  readonly stoppedPatienceMs: number;
  /** How long after its application an order that has ended can be reversed. */
  readonly appealWindowMs: number;
}

/** Starting values. 184 days: the Digital Services Act asks for at least six months to complain. */
export const defaultOrderLimits: OrderLimits = {
  approvalMs: 24 * hourMs,
  retryDelaysMs: [5 * minuteMs, 30 * minuteMs, 2 * hourMs, 8 * hourMs],
  stoppedRecheckMs: hourMs,
  stoppedPatienceMs: 24 * hourMs,
  appealWindowMs: 184 * dayMs,
};

/** Who may approve what needs four eyes, make an order permanent, or close a failed duty by hand. */
export const approverRoles: readonly Role[] = ['ops_lead', 'policy', 'legal'];
/** Who may reverse: reviewers correct themselves and hear appeals. */
export const reverserRoles: readonly Role[] = [...approverRoles, 'reviewer', 'sensitive_reviewer'];
/** Who may have a failed duty tried again. */
export const operatorRoles: readonly Role[] = [...reverserRoles, 'responder', 'engineer', 'oncall_manager', 'admin'];

export interface OrderInput {
  readonly orderId: string;
  /** Null for an order that no case asked for. */
  readonly caseId: string | null;
  readonly decisionId: string;
  /** The person who decided. */
  readonly decidedBy: string;
  readonly target: { readonly kind: TargetKind; readonly ref: string };
  readonly action: ActionName;
  /** From the application to the lift. Null: without an end. */
  readonly durationMs: number | null;
  readonly policyVersionId: string;
  readonly policyCode: string;
  readonly synthetic: boolean;
  /** Staff, high-profile or otherwise protected: always four eyes. */
  readonly protectedSubject: boolean;
  readonly limits: OrderLimits;
}

export interface Order extends OrderInput, Versioned {
  readonly status: OrderStatus;
  readonly openedAt: number;
  readonly fourEyes: readonly FourEyesReason[];
  readonly approvalDueAt: number | null;
  readonly approvedBy: string | null;
  readonly refused: { readonly by: string; readonly reasonCode: RefusalReason } | null;
  readonly approvalExpired: boolean;
  readonly stoppedDueAt: number | null;
  readonly stopEscalated: boolean;
  /** True once a call to apply ended without a clear answer: the platform may have carried it out. */
  readonly applyUncertain: boolean;
  readonly appliedAt: number | null;
  readonly endsAt: number | null;
  readonly madePermanentBy: string | null;
  readonly reversal: { readonly by: string; readonly reasonCode: ReversalReason; readonly at: number } | null;
  readonly endedAt: number | null;
  readonly appealUntilAt: number | null;
  readonly duties: Readonly<Record<DutyName, Duty>>;
}

/** `withdrawn`: the caller looked at the order just before a call, and it was no longer wanted. */
export type ActionResult =
  | 'applied'
  | 'already_applied'
  | 'failed_transient'
  | 'failed_permanent'
  | 'stopped_by_kill_switch'
  | 'withdrawn';

export type OrderEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'approve'; readonly by: Actor }
  | { readonly type: 'refuse'; readonly by: Actor; readonly reasonCode: RefusalReason }
  /**
   * Of an application or a lift; `applied` says that what was asked is so. `attempts` counts the calls of that round that
   * may have left, those of a worker that died included: with 0 nothing can have happened.
   */
  | {
      readonly type: 'actionSettled';
      readonly effectKey: string;
      readonly result: ActionResult;
      readonly attempts: number;
    }
  | { readonly type: 'strikeRecorded'; readonly effectKey: string }
  | { readonly type: 'strikeVoided'; readonly effectKey: string }
  | { readonly type: 'statementWritten'; readonly effectKey: string }
  | {
      readonly type: 'noticeSent';
      readonly effectKey: string;
      readonly result: 'sent' | 'failed_transient' | 'failed_permanent';
    }
  | { readonly type: 'reverse'; readonly by: Actor; readonly reasonCode: ReversalReason }
  | { readonly type: 'makePermanent'; readonly by: Actor }
  | { readonly type: 'retry'; readonly by: Actor }
  /** A person has done outside Vigil whatever is parked. */
  | { readonly type: 'settleByHand'; readonly by: Actor }
  | { readonly type: 'killSwitchCleared' }
  | { readonly type: 'due' };

export type NoticeKind = 'restricted' | 'made_permanent' | 'reversed';

export type OrderEscalationReason =
  | 'apply_failed'
  | 'lift_failed'
  | 'notice_failed'
  | 'approval_expired'
  | 'kill_switch_held';

export type OrderEffect = { readonly key: string } & (
  | {
      /** Asks the platform. Every round has the same idempotency key, so that a lost answer cannot apply it twice. */
      readonly type: 'applyAction';
      readonly idempotencyKey: string;
      readonly action: ActionName;
      readonly target: Order['target'];
    }
  | {
      /** Voids this order's restriction only: the platform keeps what another order justifies. */
      readonly type: 'liftAction';
      readonly idempotencyKey: string;
      readonly appliedUnderKey: string;
      readonly action: ActionName;
      readonly target: Order['target'];
    }
  | { readonly type: 'recordStrike'; readonly weight: number; readonly appliedAt: number }
  | { readonly type: 'voidStrike' }
  | {
      readonly type: 'writeStatementOfReasons';
      readonly kind: 'restricted' | 'made_permanent';
      readonly appliedAt: number;
      readonly endsAt: number | null;
    }
  | {
      readonly type: 'sendNotice';
      readonly kind: NoticeKind;
      readonly idempotencyKey: string;
      readonly endsAt: number | null;
      /** False when a reversal cannot undo what was done, which the notice must say. */
      readonly undone: boolean;
    }
  | { readonly type: 'openEscalation'; readonly reason: OrderEscalationReason; readonly dedupKey: string }
  | { readonly type: 'resolveEscalation'; readonly reason: OrderEscalationReason; readonly dedupKey: string }
  | { readonly type: 'tellCase'; readonly caseId: string; readonly outcome: EnforcementOutcome }
);

/** An order at version 0, proposed by a person's decision: the `opened` event starts it, or refuses it. */
export function openOrder(input: OrderInput, now: number): Order {
  return {
    ...input,
    version: 0,
    status: 'proposed',
    openedAt: now,
    fourEyes: fourEyesReasons(input),
    approvalDueAt: null,
    approvedBy: null,
    refused: null,
    approvalExpired: false,
    stoppedDueAt: null,
    stopEscalated: false,
    applyUncertain: false,
    appliedAt: null,
    endsAt: null,
    madePermanentBy: null,
    reversal: null,
    endedAt: null,
    appealUntilAt: null,
    duties: Object.fromEntries(dutyNames.map((name) => [name, idleDuty])) as Record<DutyName, Duty>,
  };
}
