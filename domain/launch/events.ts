import type { Actor } from '../actor.ts';
import type { Severity } from '../severity.ts';
import type { MeasuredProbe } from './catalogue.ts';
import type { CheckResult } from './check-result.ts';
import type { Percent } from './duties.ts';
import type { Intake } from './intake.ts';
import type { AbortReason, HoldReason, NotApplicableReason, SignOffChoice, WaiverReason } from './launch-parts.ts';
import type { LaunchRole } from './roles.ts';
import type { Measurements } from './stage-analysis.ts';
import type { Tier } from './tier.ts';

interface By {
  readonly by: Actor;
}

/** What a person asks for. Refused with a code when the rules forbid it. */
export type LaunchRequest =
  | ({ readonly type: 'answerIntake'; readonly intake: Intake } & By)
  | ({
      readonly type: 'assignRole';
      readonly role: LaunchRole;
      readonly personId: string;
      readonly deputyPersonId: string | null;
    } & By)
  /** Raising is done at once; lowering takes policy and protection science, two people. */
  | ({ readonly type: 'setTier'; readonly to: Tier; readonly noteId: string | null } & By)
  | ({
      readonly type: 'attachEvidence';
      readonly requirementId: string;
      readonly evidenceId: string;
      readonly evidenceHash: string;
      readonly validUntilAt: number;
      readonly collectedBy: string;
    } & By)
  | ({ readonly type: 'runChecks' } & By)
  /** For one requirement. `revision` is the requirement's revision that the signer saw. */
  | ({
      readonly type: 'signRequirement';
      readonly requirementId: string;
      readonly choice: 'approve' | 'object';
      readonly revision: number;
      readonly noteId: string | null;
    } & By)
  /** For the launch, in one role. `evidenceRevision` is what the signer saw, `evidenceSetHash` the hash of its text. */
  | ({
      readonly type: 'signOff';
      readonly role: LaunchRole;
      readonly choice: SignOffChoice;
      readonly evidenceRevision: number;
      readonly evidenceSetHash: string;
      /** Required to object and for conditions. */
      readonly noteId: string | null;
      /** By when the condition has to be met; null without one. */
      readonly conditionDueAt: number | null;
    } & By)
  | ({ readonly type: 'meetCondition'; readonly conditionId: string; readonly noteId: string } & By)
  | ({ readonly type: 'overruleObjection'; readonly role: LaunchRole; readonly noteId: string } & By)
  | ({
      readonly type: 'requestWaiver';
      readonly waiverId: string;
      readonly requirementId: string;
      readonly reasonCode: WaiverReason;
      readonly days: number;
      readonly noteId: string;
    } & By)
  | ({ readonly type: 'approveWaiver'; readonly waiverId: string } & By)
  | ({ readonly type: 'refuseWaiver'; readonly waiverId: string } & By)
  | ({ readonly type: 'revokeWaiver'; readonly waiverId: string } & By)
  | ({
      readonly type: 'requestNotApplicable';
      readonly requirementId: string;
      readonly reasonCode: NotApplicableReason;
      readonly noteId: string | null;
    } & By)
  | ({ readonly type: 'approveNotApplicable'; readonly requirementId: string } & By)
  | ({ readonly type: 'refuseNotApplicable'; readonly requirementId: string } & By)
  | ({ readonly type: 'advanceStage'; readonly to: Percent | 'sustained' } & By)
  | ({ readonly type: 'hold'; readonly noteId: string | null } & By)
  /** `seenCount` is the count of the hold that the person saw, so that nothing new is released unseen. */
  | ({
      readonly type: 'release';
      readonly reason: HoldReason;
      readonly seenCount: number;
      readonly noteId: string;
    } & By)
  | ({ readonly type: 'abort'; readonly reasonCode: AbortReason; readonly noteId: string | null } & By);

export type LaunchEvent =
  | LaunchRequest
  /** A result from outside: a service, a person who measured by hand, or another workflow of Vigil. */
  | ({ readonly type: 'reportCheck'; readonly requirementId: string; readonly result: CheckResult } & By)
  | { readonly type: 'opened' }
  | { readonly type: 'due' }
  | {
      readonly type: 'checkCompleted';
      readonly effectKey: string;
      readonly requirementId: string;
      readonly result: CheckResult;
    }
  | { readonly type: 'stageAnalysed'; readonly effectKey: string; readonly measurements: Measurements }
  /** A case of this launch was opened, or its severity rose. */
  | { readonly type: 'caseLinked'; readonly caseId: string; readonly severity: Severity }
  | { readonly type: 'detectorDegraded'; readonly detectorId: string };

export type Reminder =
  | 'due_in_7_days'
  | 'due_in_1_day'
  | 'due'
  /** Two days after the date: the deputy hears of it too. */
  | 'overdue'
  | 'evidence_stale'
  | 'result_stale'
  | 'waiver_ends_in_7_days'
  | 'waiver_ends_in_1_day'
  | 'condition_due';

export type LaunchEffect = { readonly key: string } & (
  | {
      /** Answered with `checkCompleted`, also when the measurement failed or there was nothing to measure. */
      readonly type: 'runProbe';
      readonly requirementId: string;
      readonly probe: MeasuredProbe;
      readonly tier: Tier;
      /** The stage that would open next: detector levels are asked for by it. */
      readonly percent: Percent;
    }
  | {
      /** Answered with `stageAnalysed`. */
      readonly type: 'analyseStage';
      readonly percent: Percent;
      readonly fromAt: number;
      readonly toAt: number;
    }
  | {
      readonly type: 'remindOwner';
      readonly reminder: Reminder;
      /** A requirement, a waiver or a condition. */
      readonly subjectId: string;
      readonly role: LaunchRole;
      /** Null while nobody fills the role: the team hears it. */
      readonly personId: string | null;
      readonly deputyPersonId: string | null;
    }
  | {
      readonly type: 'pageOwner';
      readonly reason: HoldReason | 'waiver_expired' | 'aborted';
      readonly subjectId: string | null;
      readonly role: LaunchRole;
      readonly personId: string | null;
    }
  /** The product may go to that share of its users. */
  | { readonly type: 'stageOpened'; readonly percent: Percent }
  /** The launch was aborted: the product goes back to nobody. */
  | { readonly type: 'rolloutStopped'; readonly percent: Percent }
);
