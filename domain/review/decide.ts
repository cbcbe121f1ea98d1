import { isPerson } from '../actor.ts';
import { orderProblem } from '../enforcement/actions.ts';
import { ignored, refused } from '../machine.ts';
import type { Step } from '../machine.ts';
import { close, escalateFor, lookedAt, nextTask, remember, resolve, settleTask, step } from './case-steps.ts';
import type { Change } from './case-steps.ts';
import type {
  CaseDecision,
  CaseEffect,
  CaseEvent,
  CaseStatus,
  OpenTask,
  PersonalVerdict,
  ReviewCase,
  TaskPurpose,
} from './case.ts';
import { mayReview } from './reviewers.ts';

type Decided = Extract<CaseEvent, { type: 'decisionRecorded' }>;
type CaseStep = Step<ReviewCase, CaseEffect>;

/** What the case waits for while a task of that purpose is open. */
export const waitingFor: Readonly<Record<TaskPurpose, CaseStatus>> = {
  first: 'in_review',
  second: 'awaiting_second',
  adjudication: 'adjudication',
};

/**
 * Applies what a person did with a task: once per task, once per decision id, and each judgement of a case by another
 * person. A repeated decision id is ignored; everything else that does not fit is refused with its reason.
 */
export function decide(state: ReviewCase, event: Decided, now: number): CaseStep {
  if (state.seenDecisionIds.includes(event.decisionId)) return ignored;
  if (!isPerson(event.by)) return refused('decision.person_required');
  if (!mayReview(event.by, state.sensitive)) return refused('auth.forbidden');
  if (state.decision !== null) return refused('case.already_decided', { decisionId: state.decision.decisionId });
  if (state.settledTaskIds.includes(event.taskId)) return refused('task.settled');
  const task = state.task;
  // A decision can overtake the answer that names the task: while its id is unknown, the decision names it.
  if (task === null || (task.taskId !== null && task.taskId !== event.taskId)) return refused('task.unknown');
  const person = event.by.id;
  if (state.verdicts.some(({ by }) => by === person)) return refused('case.same_person');
  const seen: Change = {
    change: { seenDecisionIds: remember(state.seenDecisionIds, event.decisionId) },
    effects: [],
  };
  const settled = settleTask(state, event.taskId);
  const looked = lookedAt(state, now);
  const onTask = { ...state, ...settled.change, ...looked.change };
  switch (event.verdict) {
    case 'skip':
      return step(state, seen, settled, looked, ...passOn(onTask, task, person));
    case 'escalate':
      // There is nobody above a senior reviewer: another one gets it.
      if (state.tier === 'senior') return step(state, seen, settled, looked, ...passOn(onTask, task, person));
      return step(state, seen, settled, looked, ...toSeniors(onTask, task.purpose, 'reviewer_escalated'));
    case 'violation':
    case 'no_violation':
      break;
  }
  if (event.policyVersionId !== state.policyVersionId) {
    return refused('case.policy_changed', { policyVersionId: state.policyVersionId });
  }
  if (event.enforcement !== null && event.verdict === 'no_violation') {
    return refused('case.enforcement_without_violation');
  }
  if (event.enforcement !== null) {
    const { action, durationMs } = event.enforcement;
    const problem = orderProblem(action, 'account', durationMs);
    if (problem !== null) return refused(problem, { action });
  }
  const judgement: PersonalVerdict = {
    decisionId: event.decisionId,
    by: person,
    verdict: event.verdict,
    enforcement: event.enforcement,
  };
  return step(state, seen, settled, looked, ...judge(onTask, task.purpose, judgement, now));
}

/** Hands the case to senior reviewers, in the place where it stands, and makes that visible. */
export function toSeniors(
  state: ReviewCase,
  purpose: TaskPurpose,
  reason: 'reviewer_escalated' | 'all_skipped',
): readonly Change[] {
  const skippedBy = reason === 'all_skipped' ? [] : state.skippedBy;
  return [
    { change: { status: waitingFor[purpose] }, effects: [] },
    nextTask(state, purpose, { tier: 'senior', skippedBy }),
    escalateFor(state, reason),
  ];
}

function passOn(state: ReviewCase, task: OpenTask, person: string): readonly Change[] {
  const skippedBy = [...new Set([...state.skippedBy, person])];
  // Everyone who was asked passed: those who passed may be asked again, and somebody hears of it.
  if (skippedBy.length >= state.skipLimit) return toSeniors(state, task.purpose, 'all_skipped');
  return [nextTask(state, task.purpose, { skippedBy })];
}

function judge(state: ReviewCase, purpose: TaskPurpose, judgement: PersonalVerdict, now: number): readonly Change[] {
  const verdicts = [...state.verdicts, judgement];
  const judges = verdicts.map(({ by }) => by);
  const recorded: Change = { change: { verdicts }, effects: [] };
  const first = verdicts[0] ?? judgement;
  if (purpose === 'adjudication') return [recorded, ...conclude(state, judgement, 'adjudicated', now)];
  if (purpose === 'second') {
    if (agree(first, judgement)) return [recorded, ...conclude(state, first, 'agreed', now)];
    return [recorded, waitFor('adjudication'), nextTask(state, 'adjudication', { judges })];
  }
  if (!state.doubleReview) return [recorded, ...conclude(state, judgement, 'single', now)];
  return [recorded, waitFor('second'), nextTask(state, 'second', { judges })];
}

const waitFor = (purpose: TaskPurpose): Change => ({ change: { status: waitingFor[purpose] }, effects: [] });

/** Two judges agree only when they would do the same to the account. */
const agree = (a: PersonalVerdict, b: PersonalVerdict): boolean =>
  a.verdict === b.verdict &&
  a.enforcement?.action === b.enforcement?.action &&
  a.enforcement?.durationMs === b.enforcement?.durationMs;

function conclude(
  state: ReviewCase,
  judgement: PersonalVerdict,
  how: CaseDecision['how'],
  now: number,
): readonly Change[] {
  const decision: Change = { change: { decision: { ...judgement, how, decidedAt: now } }, effects: [] };
  const signals = closeSignals(judgement);
  const { enforcement } = judgement;
  if (enforcement === null || state.synthetic) return [decision, signals, close(state, 'decided', now)];
  return [
    decision,
    signals,
    {
      change: { status: 'decided', firstLookDueAt: null, decisionDueAt: null },
      effects: [
        {
          key: 'enforcement',
          type: 'openEnforcement',
          decisionId: judgement.decisionId,
          decidedBy: judgement.by,
          policyVersionId: state.policyVersionId,
          accountRef: state.accountRef,
          harm: state.harm,
          ...enforcement,
        },
      ],
    },
    // What waited for a decision is over; a severity 1 ends when its enforcement is known.
    resolve(state, ['sla_decision', 'reviewer_escalated', 'all_skipped']),
  ];
}

const closeSignals = ({ verdict, decisionId }: PersonalVerdict): Change => ({
  change: {},
  effects: [{ key: 'signals', type: 'closeSignals', verdict, decisionId }],
});
