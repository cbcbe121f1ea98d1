import { isPerson } from '../actor.ts';
import { ignored, moved, refused } from '../machine.ts';
import type { Machine, Step } from '../machine.ts';
import { minuteMs } from '../time.ts';
import type { CanaryEffect, CanaryEvent, CanaryRun, CanaryStage, CanaryStatus } from './canary.ts';
import { canaryStages } from './canary.ts';

type CanaryStep = Step<CanaryRun, CanaryEffect>;
type Of<T extends CanaryEvent['type']> = Extract<CanaryEvent, { type: T }>;

/**
 * One synthetic abuse event, followed from its injection through detector, case and page to a person's acknowledgement.
 *
 * Promised: passed only by a person's acknowledgement before the deadline; missed is reported and escalated, once;
 * whatever the drill opened is closed again. A later stage proves the earlier ones, so facts may come in any order and
 * some never.
 */
export const canaryMachine: Machine<CanaryRun, CanaryEvent, CanaryEffect> = { transition, nextDue, isFinal };

function isFinal(run: CanaryRun): boolean {
  return run.status === 'done';
}

function nextDue(run: CanaryRun): number | null {
  return run.version === 0 || run.passed !== null ? null : run.deadlineAt;
}

const on: { readonly [T in CanaryEvent['type']]: (run: CanaryRun, event: Of<T>, now: number) => CanaryStep } = {
  opened: (run) =>
    run.version === 0
      ? moved(run, {}, [{ key: 'inject', type: 'injectEvent', detectorVersionId: run.detectorVersionId }])
      : ignored,
  injected: (run, event) => reach(run, 'injected', event.at, { eventId: event.eventId }),
  detected: (run, event) => reach(run, 'detected', event.at, { signalId: event.signalId }),
  caseOpened: (run, event) => reach(run, 'case_opened', event.at, { caseId: event.caseId }),
  paged: (run, event) =>
    reach(run, 'paged', event.at, { escalationId: event.escalationId, deliveryId: event.deliveryId }),
  acknowledged,
  evidenceReported: (run) =>
    run.passed === null || run.evidenceReported ? ignored : wrapUp(run, { evidenceReported: true }),
  drillClosed: (run) => (run.passed === null || run.drillClosed ? ignored : wrapUp(run, { drillClosed: true })),
  due: (run, _event, now) => (run.passed !== null || now < run.deadlineAt ? ignored : judge(run, false, now, {})),
};

function transition(run: CanaryRun, event: CanaryEvent, now: number): CanaryStep {
  if (isFinal(run) || (run.version === 0 && event.type !== 'opened')) return ignored;
  const handle = on[event.type] as (run: CanaryRun, event: CanaryEvent, now: number) => CanaryStep;
  return handle(run, event, now);
}

type Learned = Partial<Pick<CanaryRun, 'eventId' | 'signalId' | 'caseId' | 'escalationId' | 'deliveryId'>>;

/** Notes when a stage was reached. Only the first report of a stage counts; an earlier stage never moves the run back. */
function reach(run: CanaryRun, stage: CanaryStage, at: number, learned: Learned): CanaryStep {
  if (run.reachedAt[stage] !== null) return ignored;
  return moved(run, { ...noted(run, stage, at), ...learned, status: later(run.status, stage) });
}

const noted = (run: CanaryRun, stage: CanaryStage, at: number): Pick<CanaryRun, 'reachedAt'> => ({
  reachedAt: { ...run.reachedAt, [stage]: at },
});

const order: readonly CanaryStatus[] = ['opened', ...canaryStages, 'missed', 'done'];
const later = (a: CanaryStatus, b: CanaryStatus): CanaryStatus => (order.indexOf(a) >= order.indexOf(b) ? a : b);

function acknowledged(run: CanaryRun, event: Of<'acknowledged'>, now: number): CanaryStep {
  if (!isPerson(event.by)) return refused('decision.person_required');
  if (run.reachedAt.acknowledged !== null) return ignored;
  const learned = {
    ...noted(run, 'acknowledged', event.at),
    escalationId: run.escalationId ?? event.escalationId,
    acknowledgedBy: event.by.id,
  };
  // Too late to pass, and yet worth knowing by how much.
  if (run.passed !== null) return moved(run, learned);
  return judge(run, now < run.deadlineAt, now, learned);
}

function judge(run: CanaryRun, passed: boolean, now: number, learned: Partial<Omit<CanaryRun, 'version'>>): CanaryStep {
  const { requirementId, launchId, detectorVersionId, canaryId } = run;
  const minutes = (now - run.openedAt) / minuteMs;
  const known = { ...run, ...learned };
  const effects: CanaryEffect[] = [
    {
      key: 'evidence',
      type: 'reportEvidence',
      requirementId,
      launchId,
      detectorVersionId,
      passed,
      minutes,
      reached: lastReached(known),
    },
    { key: 'close', type: 'closeDrill', canaryId, caseId: known.caseId, escalationId: known.escalationId },
  ];
  if (!passed) {
    effects.push({
      key: 'missed',
      type: 'openEscalation',
      reason: 'canary_missed',
      dedupKey: `canary:${detectorVersionId}`,
      reached: lastReached(known),
    });
  }
  return moved(
    run,
    { ...learned, passed, minutes, judgedAt: now, status: passed ? 'acknowledged' : 'missed' },
    effects,
  );
}

const lastReached = (run: CanaryRun): CanaryStage | null =>
  canaryStages.findLast((stage) => run.reachedAt[stage] !== null) ?? null;

function wrapUp(run: CanaryRun, change: { evidenceReported: true } | { drillClosed: true }): CanaryStep {
  const next = { ...run, ...change };
  return moved(run, { ...change, status: next.evidenceReported && next.drillClosed ? 'done' : run.status });
}
