import { moved } from '../machine.ts';
import type { Step } from '../machine.ts';
import type { CaseEffect, CaseEscalationReason, ReviewCase, ReviewTier, TaskPurpose } from './case.ts';

/** A change of a case and what it makes the world do: the pieces from which the machine builds its transitions. */
export interface Change {
  readonly change: Partial<Omit<ReviewCase, 'version'>>;
  readonly effects: readonly CaseEffect[];
}

export const step = (state: ReviewCase, ...parts: readonly Change[]): Step<ReviewCase, CaseEffect> =>
  moved(
    state,
    Object.assign({}, ...parts.map((part) => part.change)) as Change['change'],
    parts.flatMap((part) => part.effects),
  );

export const nothing: Change = { change: {}, effects: [] };

/** Enough to recognise every late message of a case's few tasks; older ones are settled in the store as well. */
const remembered = 20;
export const remember = (list: readonly string[], id: string): readonly string[] => [...list, id].slice(-remembered);

/** Ends the task that the case waited for; a task whose id is unknown is still named by its round. */
export function settleTask(state: ReviewCase, taskId: string | null): Change {
  const change: Change['change'] = { task: null };
  if (taskId === null) return { change, effects: [] };
  return { change: { ...change, settledTaskIds: remember(state.settledTaskIds, taskId) }, effects: [] };
}

export function withdrawTask(state: ReviewCase): Change {
  if (state.task === null) return nothing;
  const { round, taskId } = state.task;
  const { change } = settleTask(state, taskId);
  return { change, effects: [{ key: `withdrawal:${round}`, type: 'withdrawTask', round, taskId }] };
}

/** Asks for the next task. Whoever judged the case before, or passed it on, does not get it. */
export function nextTask(
  state: ReviewCase,
  purpose: TaskPurpose,
  given: {
    readonly tier?: ReviewTier;
    readonly skippedBy?: readonly string[];
    readonly judges?: readonly string[];
  } = {},
): Change {
  const round = state.lastRound + 1;
  const tier = given.tier ?? state.tier;
  const skippedBy = given.skippedBy ?? state.skippedBy;
  const judges = given.judges ?? state.verdicts.map(({ by }) => by);
  return {
    change: { task: { round, purpose, taskId: null }, lastRound: round, tier, skippedBy },
    effects: [
      {
        key: taskKey(round),
        type: 'createTask',
        round,
        purpose,
        tier,
        severity: state.severity,
        sensitive: state.sensitive,
        policyVersionId: state.policyVersionId,
        excludedPersonIds: [...new Set([...judges, ...skippedBy])],
        dueAt: Math.min(
          state.firstLookDueAt ?? Number.MAX_SAFE_INTEGER,
          state.decisionDueAt ?? state.openedAt + state.clocks[state.severity].decisionMs,
        ),
      },
    ],
  };
}

export const taskKey = (round: number): string => `task:${round}`;

/** Opens an escalation for each reason that has not had one yet. */
export function escalateFor(state: ReviewCase, ...reasons: readonly CaseEscalationReason[]): Change {
  const fresh = reasons.filter((reason) => !state.escalatedFor.includes(reason));
  if (fresh.length === 0) return nothing;
  return {
    change: {
      escalatedFor: [...state.escalatedFor, ...fresh],
      openEscalations: [...state.openEscalations, ...fresh],
    },
    effects: fresh.map((reason) => ({
      key: `escalation:${reason}`,
      type: 'openEscalation',
      reason,
      dedupKey: dedupKey(state, reason),
      severity: state.severity,
      synthetic: state.synthetic,
      canaryId: state.canaryId,
    })),
  };
}

/** Resolves those of the reasons that are open: their cause is gone. */
export function resolve(state: ReviewCase, reasons: readonly CaseEscalationReason[]): Change {
  const gone = state.openEscalations.filter((reason) => reasons.includes(reason));
  if (gone.length === 0) return nothing;
  return {
    change: { openEscalations: state.openEscalations.filter((reason) => !gone.includes(reason)) },
    effects: gone.map((reason) => ({
      key: `resolution:${reason}`,
      type: 'resolveEscalation',
      reason,
      dedupKey: dedupKey(state, reason),
    })),
  };
}

const dedupKey = (state: ReviewCase, reason: CaseEscalationReason): string => `case:${state.caseId}:${reason}`;

/** What the first look of a person ends. */
export function lookedAt(state: ReviewCase, now: number): Change {
  if (state.firstLookAt !== null) return nothing;
  const resolved = resolve(state, ['sla_first_look']);
  return { change: { ...resolved.change, firstLookAt: now, firstLookDueAt: null }, effects: resolved.effects };
}

/** Ends the case: no task, clock or escalation of it stays. */
export function close(state: ReviewCase, closeReason: 'decided' | 'merged' | 'drill_over', now: number): Change {
  const withdrawn = withdrawTask(state);
  const resolved = resolve(state, state.openEscalations);
  return {
    change: {
      ...withdrawn.change,
      ...resolved.change,
      status: closeReason === 'merged' ? 'merged' : 'closed',
      closeReason,
      closedAt: now,
      firstLookDueAt: null,
      decisionDueAt: null,
    },
    effects: [...withdrawn.effects, ...resolved.effects],
  };
}
