import { actionRule } from './actions.ts';
import type { ActionName } from './actions.ts';

/** One action taken against a target, as far as it matters for what holds now. */
export interface TakenAction {
  readonly orderId: string;
  readonly action: ActionName;
  readonly appliedAt: number;
  /** Null: without an end. */
  readonly endsAt: number | null;
  /** Lifted before its end, overturned, or reversed; null while it stands. */
  readonly voidedAt: number | null;
}

/**
 * The restriction that holds on one target now: the strongest of its actions that are applied, unexpired and not
 * voided, or null. Of two equally strong ones the one that ends later.
 *
 * Derived each time and stored nowhere, so that the end or reversal of one order can never lift what another justifies.
 * All actions must be about the same target. An action ends at `endsAt`: at that instant it holds no more.
 */
export function effectiveRestriction(taken: readonly TakenAction[], now: number): TakenAction | null {
  const end = (action: TakenAction): number => action.endsAt ?? Number.POSITIVE_INFINITY;
  const rank = (action: TakenAction): number => actionRule(action.action).rank;
  let strongest: TakenAction | null = null;
  for (const action of taken) {
    if (!restrictsAt(action, now)) continue;
    if (
      strongest === null ||
      rank(action) > rank(strongest) ||
      (rank(action) === rank(strongest) && end(action) > end(strongest))
    ) {
      strongest = action;
    }
  }
  return strongest;
}

const restrictsAt = (action: TakenAction, now: number): boolean =>
  actionRule(action.action).restriction !== null &&
  action.appliedAt <= now &&
  (action.endsAt === null || now < action.endsAt) &&
  (action.voidedAt === null || now < action.voidedAt);
