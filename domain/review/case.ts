import type { Actor } from '../actor.ts';
import type { ActionName } from '../enforcement/actions.ts';
import type { Versioned } from '../machine.ts';
import type { Severity } from '../severity.ts';
import type { SlaClocks } from './sla.ts';

export type Verdict = 'violation' | 'no_violation';

/** What a person can do with a task: judge it, hand it to senior reviewers, or pass it to a colleague. */
export type TaskVerdict = Verdict | 'escalate' | 'skip';

export interface OrderedEnforcement {
  readonly action: ActionName;
  /** Null: without an end. */
  readonly durationMs: number | null;
}

export type TaskPurpose = 'first' | 'second' | 'adjudication';

/** Senior reviewers get what was escalated; routing rules may send them another queue. */
export type ReviewTier = 'first' | 'senior';

export interface OpenTask {
  /** 1 for the first task of the case. With the case id it names the task before its id is known. */
  readonly round: number;
  readonly purpose: TaskPurpose;
  /** Null until the queue has answered. */
  readonly taskId: string | null;
}

export interface PersonalVerdict {
  readonly decisionId: string;
  readonly by: string;
  readonly verdict: Verdict;
  readonly enforcement: OrderedEnforcement | null;
}

export interface CaseDecision extends PersonalVerdict {
  /** One person, two who agreed, or a third who settled a disagreement. */
  readonly how: 'single' | 'agreed' | 'adjudicated';
  readonly decidedAt: number;
}

export type CaseEscalationReason =
  | 'severity_1'
  | 'sla_first_look'
  | 'sla_decision'
  | 'reviewer_escalated'
  | 'all_skipped'
  | 'drill';

export type CaseStatus =
  | 'open'
  | 'in_review'
  | 'awaiting_second'
  | 'adjudication'
  | 'decided'
  | 'enforcing'
  | 'closed'
  | 'merged';

/** How an order that a case asked for ended, or stands. Only `failed` may still change. */
export type EnforcementOutcome = 'applied' | 'failed' | 'refused' | 'approval_expired' | 'cancelled' | 'reversed';

export interface CaseInput {
  readonly caseId: string;
  readonly productId: string;
  readonly teamId: string;
  /** Opaque hash of the account. */
  readonly accountRef: string;
  readonly harm: string;
  readonly severity: Severity;
  /** Only sensitive reviewers may see and decide it. */
  readonly sensitive: boolean;
  /** A drill: decided like any case, never enforced, never counted, never holds a launch. */
  readonly synthetic: boolean;
  readonly canaryId: string | null;
  readonly launchId: string | null;
  /** The version that reviewers see; a decision under another one is refused. */
  readonly policyVersionId: string;
  readonly detectorVersionIds: readonly string[];
  readonly clocks: SlaClocks;
  readonly doubleReview: boolean;
  /** Different people who may pass a task on before the case goes to senior reviewers. */
  readonly skipLimit: number;
}

export interface ReviewCase extends CaseInput, Versioned {
  readonly status: CaseStatus;
  readonly openedAt: number;
  readonly signalCount: number;
  readonly tier: ReviewTier;
  readonly task: OpenTask | null;
  readonly lastRound: number;
  /** The last tasks that were decided or withdrawn. */
  readonly settledTaskIds: readonly string[];
  /** The last decisions applied: a repeated one is recognised. */
  readonly seenDecisionIds: readonly string[];
  /** Judgements only, in order; at most three. */
  readonly verdicts: readonly PersonalVerdict[];
  readonly skippedBy: readonly string[];
  readonly firstLookAt: number | null;
  /** Null once a person has looked, or the breach was escalated. */
  readonly firstLookDueAt: number | null;
  readonly decisionDueAt: number | null;
  /** Each reason escalates once in the life of a case. */
  readonly escalatedFor: readonly CaseEscalationReason[];
  readonly openEscalations: readonly CaseEscalationReason[];
  readonly decision: CaseDecision | null;
  readonly orderId: string | null;
  readonly enforcementOutcome: EnforcementOutcome | null;
  readonly mergedInto: string | null;
  readonly closeReason: 'decided' | 'merged' | 'drill_over' | null;
  readonly closedAt: number | null;
}

export type CaseEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'signalAdded'; readonly severity: Severity; readonly detectorVersionId: string }
  | { readonly type: 'taskCreated'; readonly effectKey: string; readonly taskId: string }
  | { readonly type: 'taskClaimed'; readonly taskId: string }
  | {
      readonly type: 'decisionRecorded';
      readonly decisionId: string;
      readonly taskId: string;
      readonly verdict: TaskVerdict;
      readonly policyVersionId: string;
      readonly enforcement: OrderedEnforcement | null;
      readonly by: Actor;
    }
  | { readonly type: 'escalate'; readonly by: Actor }
  | { readonly type: 'merge'; readonly into: string; readonly intoSynthetic: boolean; readonly by: Actor }
  | { readonly type: 'enforcementOpened'; readonly orderId: string }
  | { readonly type: 'enforcementSettled'; readonly orderId: string; readonly outcome: EnforcementOutcome }
  | { readonly type: 'drillClosed' }
  | { readonly type: 'due' };

export type CaseEffect = { readonly key: string } & (
  | {
      /** Puts a task into the queue that routing picks. */
      readonly type: 'createTask';
      readonly round: number;
      readonly purpose: TaskPurpose;
      readonly tier: ReviewTier;
      readonly severity: Severity;
      readonly sensitive: boolean;
      readonly policyVersionId: string;
      readonly excludedPersonIds: readonly string[];
      /** When the task is late, for the order within its queue. */
      readonly dueAt: number;
    }
  | { readonly type: 'withdrawTask'; readonly round: number; readonly taskId: string | null }
  | { readonly type: 'raiseTask'; readonly round: number; readonly taskId: string | null; readonly severity: Severity }
  | ({
      readonly type: 'openEnforcement';
      readonly decisionId: string;
      readonly decidedBy: string;
      readonly policyVersionId: string;
      readonly accountRef: string;
      readonly harm: string;
    } & OrderedEnforcement)
  | {
      readonly type: 'openEscalation';
      readonly reason: CaseEscalationReason;
      readonly dedupKey: string;
      readonly severity: Severity;
      readonly synthetic: boolean;
      readonly canaryId: string | null;
    }
  | { readonly type: 'resolveEscalation'; readonly reason: CaseEscalationReason; readonly dedupKey: string }
  | { readonly type: 'holdLaunch'; readonly launchId: string }
  | { readonly type: 'closeSignals'; readonly verdict: Verdict | null; readonly decisionId: string | null }
  /** The target case must hear the severity of each signal that moves, as if newly found. */
  | { readonly type: 'moveSignals'; readonly into: string; readonly severity: Severity; readonly signalCount: number }
);

/** Detector versions named in a case; the signals in the store name all of them. */
export const detectorVersionLimit = 20;

/** A case at version 0: the `opened` event starts its review. */
export function openCase(input: CaseInput, now: number): ReviewCase {
  const clock = input.clocks[input.severity];
  return {
    ...input,
    version: 0,
    status: 'open',
    openedAt: now,
    signalCount: 1,
    detectorVersionIds: input.detectorVersionIds.slice(0, detectorVersionLimit),
    tier: 'first',
    task: null,
    lastRound: 0,
    settledTaskIds: [],
    seenDecisionIds: [],
    verdicts: [],
    skippedBy: [],
    firstLookAt: null,
    // A late drill is the canary's finding, which pages under its own deadline.
    firstLookDueAt: input.synthetic ? null : now + clock.firstLookMs,
    decisionDueAt: now + clock.decisionMs,
    escalatedFor: [],
    openEscalations: [],
    decision: null,
    orderId: null,
    enforcementOutcome: null,
    mergedInto: null,
    closeReason: null,
    closedAt: null,
  };
}
