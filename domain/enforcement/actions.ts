import { dayMs } from '../time.ts';
import type { Restriction } from './statement-terms.ts';

export type TargetKind = 'account' | 'content';

/** What the platform can be asked to do, and what the rules need to know about it. */
export interface ActionRule {
  readonly target: TargetKind;
  /** `lasting` holds until it is lifted, `momentary` is done once (a warning), `irreversible` cannot be undone. */
  readonly kind: 'lasting' | 'momentary' | 'irreversible';
  /** Counts against the account for the penalty ladder. 0: no strike. */
  readonly strikeWeight: number;
  /** What the statement of reasons names; null when nothing is restricted and no statement is owed. */
  readonly restriction: Restriction | null;
  /** The stronger of two restrictions has the higher rank; compared only among targets of one kind. */
  readonly rank: number;
}

const account = (status: 'SUSPENDED' | 'TERMINATED'): Restriction => ({
  kind: 'account',
  value: `DECISION_ACCOUNT_${status}`,
});
const visibility = (
  value: 'CONTENT_REMOVED' | 'CONTENT_DISABLED' | 'CONTENT_DEMOTED' | 'CONTENT_AGE_RESTRICTED' | 'CONTENT_LABELLED',
): Restriction => ({ kind: 'visibility', value: `DECISION_VISIBILITY_${value}` });

/** The catalogue. Ranks keep gaps, so that an action can be added between two others. */
const actions = {
  warn_account: { target: 'account', kind: 'momentary', strikeWeight: 1, restriction: null, rank: 0 },
  limit_sending: {
    target: 'account',
    kind: 'lasting',
    strikeWeight: 1,
    restriction: { kind: 'provision', value: 'DECISION_PROVISION_PARTIAL_SUSPENSION' },
    rank: 300,
  },
  suspend_account: {
    target: 'account',
    kind: 'lasting',
    strikeWeight: 1,
    restriction: account('SUSPENDED'),
    rank: 400,
  },
  terminate_account: {
    target: 'account',
    kind: 'irreversible',
    strikeWeight: 1,
    restriction: account('TERMINATED'),
    rank: 500,
  },
  label_content: {
    target: 'content',
    kind: 'lasting',
    strikeWeight: 0,
    restriction: visibility('CONTENT_LABELLED'),
    rank: 100,
  },
  age_restrict_content: {
    target: 'content',
    kind: 'lasting',
    strikeWeight: 0,
    restriction: visibility('CONTENT_AGE_RESTRICTED'),
    rank: 200,
  },
  demote_content: {
    target: 'content',
    kind: 'lasting',
    strikeWeight: 0,
    restriction: visibility('CONTENT_DEMOTED'),
    rank: 300,
  },
  remove_content: {
    target: 'content',
    kind: 'lasting',
    strikeWeight: 1,
    restriction: visibility('CONTENT_DISABLED'),
    rank: 400,
  },
  delete_content: {
    target: 'content',
    kind: 'irreversible',
    strikeWeight: 1,
    restriction: visibility('CONTENT_REMOVED'),
    rank: 500,
  },
} as const satisfies Record<string, ActionRule>;

export type ActionName = keyof typeof actions;

export const actionNames = Object.keys(actions) as readonly ActionName[];

export const actionRule = (name: ActionName): ActionRule => actions[name];

/** What an order's end undoes at the platform. A warning or a deletion leaves nothing to lift. */
export const isLiftable = (name: ActionName): boolean => actionRule(name).kind === 'lasting';

/** The longest a restriction with an end can run, milliseconds. A longer one has to be decided as permanent. */
export const longestDurationMs = 365 * dayMs;

/** True when an action may be ordered for that time: only a lasting one has an end, at most a year away. */
export function durationFits(name: ActionName, durationMs: number | null): boolean {
  if (durationMs === null) return true;
  return isLiftable(name) && Number.isSafeInteger(durationMs) && durationMs > 0 && durationMs <= longestDurationMs;
}

/** Why an action cannot be ordered against a target of that kind for that time; null when it can. */
export function orderProblem(
  name: ActionName,
  target: TargetKind,
  durationMs: number | null,
): 'enforcement.duration_unfit' | 'enforcement.target_unfit' | null {
  if (!durationFits(name, durationMs)) return 'enforcement.duration_unfit';
  return actionRule(name).target === target ? null : 'enforcement.target_unfit';
}

export type FourEyesReason = 'permanent' | 'irreversible' | 'protected_subject';

/**
 * Why an order needs a second person before it is applied; empty when it does not. An action that cannot be undone, a
 * restriction without an end, and anything against a protected subject does.
 */
export function fourEyesReasons(order: {
  readonly action: ActionName;
  readonly durationMs: number | null;
  readonly protectedSubject: boolean;
}): readonly FourEyesReason[] {
  const { kind } = actionRule(order.action);
  const reasons: FourEyesReason[] = [];
  if (kind === 'lasting' && order.durationMs === null) reasons.push('permanent');
  if (kind === 'irreversible') reasons.push('irreversible');
  if (order.protectedSubject) reasons.push('protected_subject');
  return reasons;
}
