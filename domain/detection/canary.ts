import type { Actor } from '../actor.ts';
import type { Versioned } from '../machine.ts';

/** The way of a synthetic event, in order. */
export const canaryStages = ['injected', 'detected', 'case_opened', 'paged', 'acknowledged'] as const;
export type CanaryStage = (typeof canaryStages)[number];

/** The furthest stage that is known, until the run is judged; `done` when its evidence is filed and the drill closed. */
export type CanaryStatus = 'opened' | CanaryStage | 'missed' | 'done';

export interface CanaryInput {
  readonly canaryId: string;
  /** Null for a canary of a product in its sustained life. */
  readonly launchId: string | null;
  readonly productId: string;
  readonly detectorVersionId: string;
  /** From the opening to the acknowledgement. */
  readonly deadlineMs: number;
  /** The requirement whose check run the measured minutes become. */
  readonly requirementId: string;
}

export interface CanaryRun extends CanaryInput, Versioned {
  readonly status: CanaryStatus;
  readonly openedAt: number;
  readonly deadlineAt: number;
  /** When each stage happened, all by the clock of the store that recorded the facts; null while unknown. */
  readonly reachedAt: Readonly<Record<CanaryStage, number | null>>;
  readonly eventId: string | null;
  readonly signalId: string | null;
  readonly caseId: string | null;
  readonly escalationId: string | null;
  readonly deliveryId: string | null;
  readonly acknowledgedBy: string | null;
  readonly passed: boolean | null;
  /** From the opening to the judgement, by the clock of the run itself: what is compared with the deadline. */
  readonly minutes: number | null;
  readonly judgedAt: number | null;
  readonly evidenceReported: boolean;
  readonly drillClosed: boolean;
}

export type CanaryEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'injected'; readonly eventId: string; readonly at: number }
  | { readonly type: 'detected'; readonly signalId: string; readonly at: number }
  | { readonly type: 'caseOpened'; readonly caseId: string; readonly at: number }
  | { readonly type: 'paged'; readonly escalationId: string; readonly deliveryId: string; readonly at: number }
  | { readonly type: 'acknowledged'; readonly escalationId: string; readonly by: Actor; readonly at: number }
  | { readonly type: 'evidenceReported' }
  | { readonly type: 'drillClosed' }
  | { readonly type: 'due' };

export type CanaryEffect = { readonly key: string } & (
  | { readonly type: 'injectEvent'; readonly detectorVersionId: string }
  | {
      /** Becomes a check run, also for a miss: one run is the population of this measurement. */
      readonly type: 'reportEvidence';
      readonly requirementId: string;
      readonly launchId: string | null;
      readonly detectorVersionId: string;
      readonly passed: boolean;
      readonly minutes: number;
      readonly reached: CanaryStage | null;
    }
  /**
   * Closes the drill's case and resolves its escalation. They are found by the canary's id as well: after a miss the
   * run may never have heard of them.
   */
  | {
      readonly type: 'closeDrill';
      readonly canaryId: string;
      readonly caseId: string | null;
      readonly escalationId: string | null;
    }
  | {
      readonly type: 'openEscalation';
      readonly reason: 'canary_missed';
      readonly dedupKey: string;
      readonly reached: CanaryStage | null;
    }
);

/** A canary run at version 0: the `opened` event injects its synthetic event. */
export function openCanary(input: CanaryInput, now: number): CanaryRun {
  return {
    ...input,
    version: 0,
    status: 'opened',
    openedAt: now,
    deadlineAt: now + input.deadlineMs,
    reachedAt: { injected: null, detected: null, case_opened: null, paged: null, acknowledged: null },
    eventId: null,
    signalId: null,
    caseId: null,
    escalationId: null,
    deliveryId: null,
    acknowledgedBy: null,
    passed: null,
    minutes: null,
    judgedAt: null,
    evidenceReported: false,
    drillClosed: false,
  };
}

/**
 * How long each stage took after the one before it that is known, milliseconds; null for a stage that is unknown, and
 * for the first, which has nothing before it.
 */
export function stageDurations(run: CanaryRun): Readonly<Record<CanaryStage, number | null>> {
  const durations: Record<CanaryStage, number | null> = {
    injected: null,
    detected: null,
    case_opened: null,
    paged: null,
    acknowledged: null,
  };
  let before: number | null = null;
  for (const stage of canaryStages) {
    const at = run.reachedAt[stage];
    if (at === null) continue;
    durations[stage] = before === null ? null : Math.max(0, at - before);
    before = at;
  }
  return durations;
}
