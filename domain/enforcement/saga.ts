import { ignored, moved } from '../machine.ts';
import type { Step } from '../machine.ts';
import type { Json } from '../json.ts';
import type { EnforcementOutcome } from '../review/case.ts';
import { actionRule, isLiftable } from './actions.ts';
import { ended, isOpen, started } from './duty.ts';
import type { Duty } from './duty.ts';
import { dutyNames } from './order.ts';
import type { DutyName, NoticeKind, Order, OrderEffect, OrderEscalationReason } from './order.ts';

export type OrderStep = Step<Order, OrderEffect>;

/** An order in the middle of a transition: changed step by step, together with what the changes make the world do. */
export interface Draft {
  readonly order: Order;
  readonly effects: readonly OrderEffect[];
}

export const draftOf = (order: Order): Draft => ({ order, effects: [] });

export const change = (draft: Draft, fields: Partial<Order>, ...effects: readonly OrderEffect[]): Draft => ({
  order: { ...draft.order, ...fields },
  effects: [...draft.effects, ...effects],
});

/**
 * The order of the saga as one table: when each duty becomes owed. A duty starts once, when it is owed and idle, so
 * nothing here can be done twice; and a strike, a statement or a notice cannot come before the application.
 */
const owed: Readonly<Record<DutyName, (order: Order) => boolean>> = {
  apply: (order) => order.status === 'applying',
  lift: (order) => order.status === 'lifting',
  strike: (order) => stands(order) && actionRule(order.action).strikeWeight > 0,
  statement: (order) => stands(order) && owesStatement(order),
  notice: (order) => stands(order) && (!owesStatement(order) || order.duties.statement.status === 'done'),
  permanent_statement: (order) => stands(order) && order.madePermanentBy !== null && owesStatement(order),
  permanent_notice: (order) => stands(order) && order.duties.permanent_statement.status === 'done',
  void_strike: (order) => order.status === 'reversed' && order.duties.strike.status === 'done',
  reversal_notice: (order) => order.status === 'reversed' && order.duties.notice.status === 'done',
};

const stands = (order: Order): boolean => order.appliedAt !== null && order.reversal === null;
const owesStatement = (order: Order): boolean => actionRule(order.action).restriction !== null;

/** Ends a transition: starts what is owed by now. A draft that changed nothing is no transition. */
export function commit(before: Order, draft: Draft, answer?: { readonly [key: string]: Json }): OrderStep {
  if (draft.order === before) return ignored;
  const due = dutyNames.filter((name) => draft.order.duties[name].status === 'idle' && owed[name](draft.order));
  const { order, effects } = due.reduce((at, name) => start(at, name, started), draft);
  const { version: _, ...fields } = order;
  return moved(before, fields, effects, answer);
}

/** Issues the next round of a duty. */
export function start(draft: Draft, name: DutyName, how: (duty: Duty) => Duty): Draft {
  const next = change(draft, { duties: { ...draft.order.duties, [name]: how(draft.order.duties[name]) } });
  return change(next, {}, effectOf(next.order, name));
}

const dutyKey = (name: DutyName, duty: Duty): string => `${name}:${duty.round}`;

/** The duty whose running round has that key, or null when the message is late or unknown. */
export function pendingDuty(order: Order, effectKey: string): DutyName | null {
  const running = (name: DutyName): boolean =>
    order.duties[name].status === 'pending' && dutyKey(name, order.duties[name]) === effectKey;
  return dutyNames.find(running) ?? null;
}

/** The action and its lift carry one idempotency key through all their rounds; so does each notice. */
const idempotencyKey = (order: Order, name: DutyName): string => `${order.orderId}:${name}`;

// A warning stands for as long as it can be appealed, which is no end to tell anyone.
const announcedEnd = (order: Order): number | null => (order.durationMs === null ? null : order.endsAt);

type Call<F = OrderEffect> = F extends OrderEffect ? Omit<F, 'key'> : never;

const noticeOf = (order: Order, name: DutyName, kind: NoticeKind): Call => ({
  type: 'sendNotice',
  kind,
  idempotencyKey: idempotencyKey(order, name),
  endsAt: kind === 'restricted' ? announcedEnd(order) : null,
  undone: actionRule(order.action).kind !== 'irreversible',
});

const statementOf = (order: Order, kind: 'restricted' | 'made_permanent'): Call => ({
  type: 'writeStatementOfReasons',
  kind,
  appliedAt: order.appliedAt ?? order.openedAt,
  endsAt: kind === 'restricted' ? announcedEnd(order) : null,
});

const calls: Readonly<Record<DutyName, (order: Order) => Call>> = {
  apply: (order) => ({
    type: 'applyAction',
    idempotencyKey: idempotencyKey(order, 'apply'),
    action: order.action,
    target: order.target,
  }),
  lift: (order) => ({
    type: 'liftAction',
    idempotencyKey: idempotencyKey(order, 'lift'),
    appliedUnderKey: idempotencyKey(order, 'apply'),
    action: order.action,
    target: order.target,
  }),
  strike: (order) => ({
    type: 'recordStrike',
    weight: actionRule(order.action).strikeWeight,
    appliedAt: order.appliedAt ?? order.openedAt,
  }),
  void_strike: () => ({ type: 'voidStrike' }),
  statement: (order) => statementOf(order, 'restricted'),
  permanent_statement: (order) => statementOf(order, 'made_permanent'),
  notice: (order) => noticeOf(order, 'notice', 'restricted'),
  permanent_notice: (order) => noticeOf(order, 'permanent_notice', 'made_permanent'),
  reversal_notice: (order) => noticeOf(order, 'reversal_notice', 'reversed'),
};

const effectOf = (order: Order, name: DutyName): OrderEffect => ({
  key: dutyKey(name, order.duties[name]),
  ...calls[name](order),
});

const reasonOf = (name: DutyName): OrderEscalationReason =>
  name === 'apply' ? 'apply_failed' : name === 'lift' ? 'lift_failed' : 'notice_failed';

/** Lays a duty's new state into the order; opens or resolves the escalation about it as that state says. */
export function setDuty(draft: Draft, name: DutyName, duty: Duty): Draft {
  const before = draft.order.duties[name];
  const next = change(draft, { duties: { ...draft.order.duties, [name]: duty } });
  if (before.escalated === duty.escalated) return next;
  const type = duty.escalated ? 'openEscalation' : 'resolveEscalation';
  const dedupKey = `enforcement:${draft.order.orderId}:${name}`;
  return change(next, {}, { key: `${type}:${dutyKey(name, duty)}`, type, reason: reasonOf(name), dedupKey });
}

export function tellCase(draft: Draft, outcome: EnforcementOutcome): Draft {
  const { caseId, version } = draft.order;
  if (caseId === null) return draft;
  return change(draft, {}, { key: `tell:${version + 1}`, type: 'tellCase', caseId, outcome });
}

/** Leaves the hold of a kill switch, and the escalation about it. */
export function leaveStop(draft: Draft): Draft {
  const { stoppedDueAt, stopEscalated, orderId, duties } = draft.order;
  if (stoppedDueAt === null && !stopEscalated) return draft;
  const next = change(draft, { stoppedDueAt: null, stopEscalated: false });
  if (!stopEscalated) return next;
  const dedupKey = `enforcement:${orderId}:kill_switch`;
  return change(
    next,
    {},
    {
      key: `resolveEscalation:kill_switch:${duties.apply.round}`,
      type: 'resolveEscalation',
      reason: 'kill_switch_held',
      dedupKey,
    },
  );
}

/** The platform did it, or a person did. From now on the order stands, unless it was reversed meanwhile. */
export function succeedApply(draft: Draft, now: number, how: 'done' | 'by_hand'): Draft {
  const settled = leaveStop(setDuty(draft, 'apply', ended(draft.order.duties.apply, how)));
  const { action, durationMs, limits, reversal } = settled.order;
  const applied = change(settled, { appliedAt: now });
  if (reversal !== null) return beginEnd(applied, now);
  const standsForMs = actionRule(action).kind === 'momentary' ? limits.appealWindowMs : durationMs;
  const status = standsForMs === null ? 'permanent' : 'active';
  return tellCase(change(applied, { status, endsAt: standsForMs === null ? null : now + standsForMs }), 'applied');
}

/** Starts the end of an order: by a lift when the platform has something to lift, else at once. */
export function beginEnd(draft: Draft, now: number): Draft {
  const { action, duties } = draft.order;
  if (isLiftable(action) && duties.lift.status === 'idle') return change(draft, { status: 'lifting' });
  return finish(draft, now);
}

/** Ends an order that is not applied. When a lost call may have applied it after all, it is lifted to be sure. */
export function cancel(draft: Draft, now: number): Draft {
  const dropped = leaveStop(setDuty(draft, 'apply', ended(draft.order.duties.apply, 'dropped')));
  const settled = change(dropped, { approvalDueAt: null });
  return settled.order.applyUncertain ? beginEnd(settled, now) : finish(settled, now);
}

export function finish(draft: Draft, now: number): Draft {
  const { order } = draft;
  const endedAt = order.endedAt ?? now;
  if (order.reversal === null) {
    const until = (order.appliedAt ?? now) + order.limits.appealWindowMs;
    return change(draft, { status: 'lifted', endedAt, appealUntilAt: until > now ? until : null });
  }
  const reversed = change(draft, { status: 'reversed', endedAt, appealUntilAt: null });
  // Nobody needs to hear of a restriction that is no more; what is on its way cannot be called back.
  const overtaken = (['notice', 'permanent_notice'] as const).filter(
    (name) => isOpen(order.duties[name]) && order.duties[name].status !== 'pending',
  );
  const dropped = overtaken.reduce((at, name) => setDuty(at, name, ended(at.order.duties[name], 'dropped')), reversed);
  return tellCase(dropped, order.appliedAt === null ? 'cancelled' : 'reversed');
}
