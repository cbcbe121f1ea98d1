import type { Severity } from '../severity.ts';
import { secondMs } from '../time.ts';

export type Urgency = 'high' | 'low';

/** Whom a rung pages. `round_robin` takes one member of the schedule in turn, whoever is on call. */
export type Target =
  | { readonly kind: 'person'; readonly personId: string }
  | { readonly kind: 'schedule'; readonly scheduleId: string }
  | { readonly kind: 'round_robin'; readonly scheduleId: string };

/** When a rung counts: `working` is inside the policy's working hours, `outside` is not. */
export type HoursCondition = 'working' | 'outside';

export interface RungConditions {
  /** The rung counts only for this severity and worse (1 is the worst). */
  readonly severityAtMost: Severity | null;
  readonly hours: HoursCondition | null;
}

export interface Rung {
  readonly targets: readonly Target[];
  /** How long the rung waits for an acknowledgement before the next one is paged. */
  readonly ackWithinMs: number;
  /** How many different people must acknowledge before the ladder stops on this rung. */
  readonly requiredAcks: number;
  readonly conditions: RungConditions | null;
}

/** What `working` means. Weekdays count from 1 (Monday) to 7; minutes from midnight in `zone`, `toMinute` not included. */
export interface WorkingHours {
  readonly zone: string;
  readonly windows: readonly {
    readonly weekdays: readonly number[];
    readonly fromMinute: number;
    readonly toMinute: number;
  }[];
}

export interface RePage {
  /** A rise in severity pages the current rung again and ends a snooze. */
  readonly onSeverityRise: boolean;
  /** More firing alerts than this page the current rung again, once per escalation. */
  readonly onFiringCountAbove: number | null;
}

/** One version of an escalation policy, as an escalation carries it from its opening to its end. */
export interface FrozenPolicy {
  readonly policyVersionId: string;
  readonly version: number;
  readonly rungs: readonly Rung[];
  /** Extra passes over all rungs after the first, exactly. */
  readonly repeat: number;
  /** Paged when every rung is empty or spent. */
  readonly catchAllPersonId: string;
  /** How long an acknowledgement holds; null for ever. */
  readonly ackTimeoutMs: number | null;
  /** How long after an un-acknowledgement paging begins again, so that it can be taken back. */
  readonly unackGraceMs: number;
  readonly rePage: RePage;
  /**
   * Severities 1 to this one are of high urgency, the others low; 0 makes all low. One number and not a table, so that a
   * milder severity can never be louder than a worse one.
   */
  readonly highUrgencyUpTo: Severity | 0;
  readonly workingHours: WorkingHours | null;
}

/** A policy as people write it: what has a default may be left out. */
export interface PolicyDocument {
  readonly rungs: readonly {
    readonly targets: readonly Target[];
    readonly ackWithinMs: number;
    readonly requiredAcks?: number;
    readonly conditions?: { readonly severityAtMost?: Severity | null; readonly hours?: HoursCondition | null } | null;
  }[];
  readonly repeat?: number;
  readonly catchAllPersonId: string;
  readonly ackTimeoutMs?: number | null;
  readonly unackGraceMs?: number;
  readonly rePage?: Partial<RePage>;
  readonly highUrgencyUpTo?: Severity | 0;
  readonly workingHours?: WorkingHours | null;
}

/** Lays the defaults under a document and gives it the identity of its version. */
export function freezePolicy(document: PolicyDocument, id: { policyVersionId: string; version: number }): FrozenPolicy {
  return {
    policyVersionId: id.policyVersionId,
    version: id.version,
    rungs: document.rungs.map((rung) => ({
      targets: rung.targets,
      ackWithinMs: rung.ackWithinMs,
      requiredAcks: rung.requiredAcks ?? 1,
      conditions: rung.conditions
        ? { severityAtMost: rung.conditions.severityAtMost ?? null, hours: rung.conditions.hours ?? null }
        : null,
    })),
    repeat: document.repeat ?? 0,
    catchAllPersonId: document.catchAllPersonId,
    ackTimeoutMs: document.ackTimeoutMs ?? null,
    unackGraceMs: document.unackGraceMs ?? 10 * secondMs,
    rePage: {
      onSeverityRise: document.rePage?.onSeverityRise ?? true,
      onFiringCountAbove: document.rePage?.onFiringCountAbove ?? null,
    },
    highUrgencyUpTo: document.highUrgencyUpTo ?? 2,
    workingHours: document.workingHours ?? null,
  };
}

export const urgencyOf = (policy: FrozenPolicy, severity: Severity): Urgency =>
  severity <= policy.highUrgencyUpTo ? 'high' : 'low';

/** True when the rung counts for that severity. Its working hours are judged where time zones are known, outside. */
export const countsForSeverity = (rung: Rung, severity: Severity): boolean =>
  rung.conditions === null || rung.conditions.severityAtMost === null || severity <= rung.conditions.severityAtMost;

/** The schedules that a rung reads. */
export const schedulesOf = (rung: Rung): string[] =>
  rung.targets.flatMap((target) => (target.kind === 'person' ? [] : [target.scheduleId]));
