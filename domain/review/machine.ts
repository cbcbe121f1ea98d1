import { isPerson } from '../actor.ts';
import { ignored, refused } from '../machine.ts';
import type { Machine, Step } from '../machine.ts';
import { worse } from '../severity.ts';
import {
  close,
  escalateFor,
  lookedAt,
  nextTask,
  nothing,
  remember,
  step,
  taskKey,
  withdrawTask,
} from './case-steps.ts';
import type { Change } from './case-steps.ts';
import { detectorVersionLimit } from './case.ts';
import type { CaseEffect, CaseEvent, ReviewCase } from './case.ts';
import { decide, toSeniors, waitingFor } from './decide.ts';
import { maySteer } from './reviewers.ts';

type CaseStep = Step<ReviewCase, CaseEffect>;
type Of<T extends CaseEvent['type']> = Extract<CaseEvent, { type: T }>;

/**
 * A review case from its first signal to a person's decision and the enforcement of it.
 *
 * Promised: one decision per task and per case; judgements of one case by different people; a drill is never enforced
 * and never holds a launch; a late case is escalated once per clock; every case ends decided or merged, or stands
 * escalated. A machine's suggestion is no event of a case, so it cannot decide one.
 */
export const caseMachine: Machine<ReviewCase, CaseEvent, CaseEffect> = { transition, nextDue, isFinal };

function isFinal(state: ReviewCase): boolean {
  return state.status === 'closed' || state.status === 'merged';
}

function nextDue(state: ReviewCase): number | null {
  if (state.version === 0 || isFinal(state)) return null;
  const clocks = [state.firstLookDueAt, state.decisionDueAt].filter((at) => at !== null);
  return clocks.length === 0 ? null : Math.min(...clocks);
}

const on: { readonly [T in CaseEvent['type']]: (state: ReviewCase, event: Of<T>, now: number) => CaseStep } = {
  // Not by the version: a signal may be heard before the opening itself.
  opened: (state) => (state.lastRound === 0 ? step(state, nextTask(state, 'first'), ...alarms(state)) : ignored),
  signalAdded: addSignal,
  taskCreated,
  taskClaimed: (state, event, now) =>
    state.task?.taskId !== event.taskId || state.firstLookAt !== null ? ignored : step(state, lookedAt(state, now)),
  decisionRecorded: decide,
  escalate,
  merge,
  enforcementOpened: (state, event) =>
    state.status !== 'decided' || state.orderId !== null
      ? ignored
      : step(state, { change: { status: 'enforcing', orderId: event.orderId }, effects: [] }),
  enforcementSettled,
  drillClosed: (state, _event, now) =>
    state.synthetic ? step(state, ...drillOver(state, now)) : refused('case.not_a_drill'),
  due,
};

function transition(state: ReviewCase, event: CaseEvent, now: number): CaseStep {
  if (isFinal(state)) return whenOver(state, event);
  const handle = on[event.type] as (state: ReviewCase, event: CaseEvent, now: number) => CaseStep;
  return handle(state, event, now);
}

function whenOver(state: ReviewCase, event: CaseEvent): CaseStep {
  switch (event.type) {
    case 'decisionRecorded':
      return state.seenDecisionIds.includes(event.decisionId) ? ignored : refused('case.closed');
    case 'signalAdded':
    case 'escalate':
    case 'merge':
      return refused('case.closed', state.mergedInto === null ? {} : { mergedInto: state.mergedInto });
    default:
      return ignored;
  }
}

/** What a case of this severity does at once: a page, and for a real one a hold of its launch. */
function alarms(state: ReviewCase): readonly Change[] {
  if (state.synthetic) return [escalateFor(state, 'drill')];
  if (state.severity !== 1 || state.escalatedFor.includes('severity_1')) return [];
  const hold: Change =
    state.launchId === null
      ? nothing
      : { change: {}, effects: [{ key: 'hold', type: 'holdLaunch', launchId: state.launchId }] };
  return [escalateFor(state, 'severity_1'), hold];
}

/** One more signal about the same account and harm. A decided case takes none: the new fact was not judged. */
function addSignal(state: ReviewCase, event: Of<'signalAdded'>, now: number): CaseStep {
  if (state.decision !== null) return refused('case.already_decided', { decisionId: state.decision.decisionId });
  const { detectorVersionIds: known } = state;
  const counted: Change = {
    change: {
      signalCount: state.signalCount + 1,
      detectorVersionIds:
        known.includes(event.detectorVersionId) || known.length >= detectorVersionLimit
          ? known
          : [...known, event.detectorVersionId],
    },
    effects: [],
  };
  const severity = worse(state.severity, event.severity);
  if (severity === state.severity) return step(state, counted);
  const clock = state.clocks[severity];
  const sooner = (at: number | null, ms: number) => (at === null ? null : Math.min(at, now + ms));
  const raised: Change = {
    change: {
      severity,
      // The new clock runs from the moment at which the case became that severe, and never buys time.
      firstLookDueAt: sooner(state.firstLookDueAt, clock.firstLookMs),
      decisionDueAt: sooner(state.decisionDueAt, clock.decisionMs),
    },
    effects:
      state.task === null
        ? []
        : [
            {
              key: `raise:${severity}`,
              type: 'raiseTask',
              round: state.task.round,
              taskId: state.task.taskId,
              severity,
            },
          ],
  };
  return step(state, counted, raised, ...alarms({ ...state, ...raised.change }));
}

function taskCreated(state: ReviewCase, event: Of<'taskCreated'>): CaseStep {
  const task = state.task;
  if (task !== null && task.taskId === null && event.effectKey === taskKey(task.round)) {
    return step(state, {
      change: { status: waitingFor[task.purpose], task: { ...task, taskId: event.taskId } },
      effects: [],
    });
  }
  if (task?.taskId === event.taskId || state.settledTaskIds.includes(event.taskId)) return ignored;
  // The answer for a task that was withdrawn meanwhile: a decision on it must be recognised as late.
  return step(state, { change: { settledTaskIds: remember(state.settledTaskIds, event.taskId) }, effects: [] });
}

function escalate(state: ReviewCase, event: Of<'escalate'>, now: number): CaseStep {
  if (!isPerson(event.by)) return refused('decision.person_required');
  if (!maySteer(event.by)) return refused('auth.forbidden');
  if (state.decision !== null) return refused('case.already_decided', { decisionId: state.decision.decisionId });
  if (state.task === null) return refused('aggregate.not_found');
  if (state.tier === 'senior') return refused('case.already_escalated');
  const withdrawn = withdrawTask(state);
  const looked = lookedAt(state, now);
  const after = { ...state, ...withdrawn.change, ...looked.change };
  return step(state, withdrawn, looked, ...toSeniors(after, state.task.purpose, 'reviewer_escalated'));
}

function merge(state: ReviewCase, event: Of<'merge'>, now: number): CaseStep {
  if (!isPerson(event.by)) return refused('decision.person_required');
  if (!maySteer(event.by)) return refused('auth.forbidden');
  if (event.into === state.caseId) return refused('case.merge_into_itself');
  if (state.synthetic || event.intoSynthetic) return refused('case.merge_of_drill');
  // A recorded judgement would be lost with the case.
  if (state.verdicts.length > 0) return refused('case.already_decided');
  const { severity, signalCount } = state;
  return step(
    state,
    {
      change: { mergedInto: event.into },
      effects: [{ key: 'signals', type: 'moveSignals', into: event.into, severity, signalCount }],
    },
    close(state, 'merged', now),
  );
}

function enforcementSettled(state: ReviewCase, event: Of<'enforcementSettled'>, now: number): CaseStep {
  if (state.decision === null || (state.orderId !== null && state.orderId !== event.orderId)) return ignored;
  if (state.enforcementOutcome === event.outcome) return ignored;
  const learned: Change = {
    change: { status: 'enforcing', orderId: event.orderId, enforcementOutcome: event.outcome },
    effects: [],
  };
  // A failed order stays in the open: it is retried, or a person gives it up, and then the case hears again.
  return event.outcome === 'failed' ? step(state, learned) : step(state, learned, close(state, 'decided', now));
}

function drillOver(state: ReviewCase, now: number): readonly Change[] {
  return [
    { change: {}, effects: [{ key: 'signals', type: 'closeSignals', verdict: null, decisionId: null }] },
    close(state, 'drill_over', now),
  ];
}

function due(state: ReviewCase, _event: Of<'due'>, now: number): CaseStep {
  const reached = (at: number | null): boolean => at !== null && at <= now;
  const lateDecision = reached(state.decisionDueAt);
  if (lateDecision && state.synthetic) return step(state, ...drillOver(state, now));
  const lateLook = reached(state.firstLookDueAt);
  if (state.version === 0 || (!lateLook && !lateDecision)) return ignored;
  const reasons = [
    ...(lateLook ? (['sla_first_look'] as const) : []),
    ...(lateDecision ? (['sla_decision'] as const) : []),
  ];
  return step(state, escalateFor(state, ...reasons), {
    change: {
      ...(lateLook ? { firstLookDueAt: null } : {}),
      ...(lateDecision ? { decisionDueAt: null } : {}),
    },
    effects: [],
  });
}
