import type { CheckResult } from './check-result.ts';
import type { Percent } from './duties.ts';
import type { LaunchRole } from './roles.ts';
import type { StageMetric } from './stage-analysis.ts';
import type { ComputedTier, Tier } from './tier.ts';

/** The last result as it was reported. What it is worth is judged when it is looked at, by the tier of that moment. */
export type StoredResult = CheckResult & {
  readonly measuredAt: number;
  /** Null when Vigil measured it. */
  readonly reportedBy: { readonly kind: 'person' | 'service' | 'system'; readonly id: string } | null;
  readonly expiryTold: boolean;
};

export interface StoredEvidence {
  readonly evidenceId: string;
  readonly hash: string;
  readonly validUntilAt: number;
  readonly collectedBy: string;
  readonly attachedBy: string;
  readonly attachedAt: number;
  /** How many were attached so far, this one included. */
  readonly count: number;
  readonly expiryTold: boolean;
}

interface RequirementSignOff {
  readonly personId: string;
  readonly choice: 'approve' | 'object';
  readonly at: number;
  /** The requirement's revision that was signed. */
  readonly revision: number;
  readonly noteId: string | null;
}

export const notApplicableReasons = ['capability_off', 'covered_elsewhere', 'no_such_surface', 'staff_only'] as const;
export type NotApplicableReason = (typeof notApplicableReasons)[number];

export interface NotApplicable {
  readonly reasonCode: NotApplicableReason;
  readonly noteId: string | null;
  readonly requestedBy: string;
  readonly approvedBy: string | null;
  readonly at: number;
}

export const waiverReasons = [
  'accepted_risk',
  'compensating_control',
  'not_yet_measurable',
  'tooling_delay',
  'vendor_delay',
] as const;
export type WaiverReason = (typeof waiverReasons)[number];

export interface WaiverRequest {
  readonly waiverId: string;
  readonly reasonCode: WaiverReason;
  readonly days: number;
  readonly noteId: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
}

export interface Waiver extends WaiverRequest {
  readonly approvedBy: string;
  readonly approvedAt: number;
  readonly expiresAt: number;
  /** Reminders sent so far. */
  readonly reminded: number;
}

export interface RequirementState {
  /** Null while the date of the 1 % stage is unknown. */
  readonly dueAt: number | null;
  /** Reminders sent so far. */
  readonly reminded: number;
  /** Rises whenever what a sign-off of this requirement signs for changes. */
  readonly revision: number;
  /** The key of the probe run whose answer is awaited. */
  readonly runKey: string | null;
  /** When Vigil measures it again by itself. */
  readonly refreshAt: number | null;
  readonly result: StoredResult | null;
  readonly evidence: StoredEvidence | null;
  readonly signOff: RequirementSignOff | null;
  readonly notApplicable: NotApplicable | null;
  readonly waiverRequest: WaiverRequest | null;
  readonly waiver: Waiver | null;
  readonly waiversGiven: number;
}

interface TierChange {
  readonly to: Tier;
  readonly kind: 'raised' | 'lowered';
  readonly by: readonly string[];
  readonly noteId: string | null;
  readonly at: number;
}

export interface TierBasis {
  readonly computed: ComputedTier;
  readonly change: TierChange | null;
  /** A lowering that one of the two roles has agreed to. */
  readonly proposal: { readonly to: Tier; readonly role: LaunchRole; readonly personId: string } | null;
}

export const signOffChoices = ['approve', 'approve_with_conditions', 'object', 'abstain'] as const;
export type SignOffChoice = (typeof signOffChoices)[number];

export interface SignOff {
  readonly personId: string;
  readonly choice: SignOffChoice;
  readonly at: number;
  /** The revision of the evidence set that was signed, and its hash as the signer saw it. */
  readonly revision: number;
  readonly evidenceSetHash: string;
  readonly noteId: string | null;
  readonly overruled: {
    readonly personId: string;
    readonly noteId: string;
    readonly at: number;
    readonly revision: number;
  } | null;
}

/** What an approval asks for afterwards. Blocks from its date on until it is met. */
export interface Condition {
  readonly id: string;
  readonly role: LaunchRole;
  readonly personId: string;
  readonly noteId: string;
  readonly dueAt: number;
  readonly told: boolean;
}

export type StageVerdict = 'advance_ready' | 'hold' | 'abort_advised';

interface StageAnalysis {
  readonly at: number;
  readonly verdict: StageVerdict;
  readonly metrics: Readonly<Record<StageMetric, CheckResult>>;
  /** Who accepted that the analysis could not tell. */
  readonly acceptedBy: string | null;
}

/** The stage that is open now. At 100 % its soak is the watch. */
export interface Stage {
  readonly percent: Percent;
  readonly openedAt: number;
  readonly soakEndsAt: number;
  readonly analysisKey: string | null;
  readonly analysis: StageAnalysis | null;
}

/** The record of a decision to open a stage, and of what the gate showed then. */
export interface StageOpening {
  readonly percent: Percent;
  readonly decidedBy: string;
  readonly at: number;
  readonly evidenceRevision: number;
  readonly passed: number;
  readonly waived: readonly string[];
  readonly notApplicable: readonly string[];
}

export const holdReasons = [
  'severity_1_case',
  'check_failed',
  'detector_degraded',
  'capability_changed',
  'analysis_failed',
  'analysis_inconclusive',
  'requested',
] as const;
export type HoldReason = (typeof holdReasons)[number];

export interface Hold {
  readonly at: number;
  /** Null when the machine holds. */
  readonly heldBy: string | null;
  /** How often this came up since the hold began. A release names the count that its person saw. */
  readonly count: number;
  /** The last case, requirement or detector behind it. */
  readonly refId: string | null;
  readonly noteId: string | null;
}

export const abortReasons = ['severity_1_harm', 'canary_dead', 'limit_reached', 'legal', 'product_decision'] as const;
export type AbortReason = (typeof abortReasons)[number];
