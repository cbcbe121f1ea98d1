import { holds, isPerson } from '../actor.ts';
import type { Actor, Person, Role } from '../actor.ts';
import { ignored, refused } from '../machine.ts';
import type { Machine, Refusal } from '../machine.ts';
import { actionRule, orderProblem } from './actions.ts';
import { ended, failed, isOpen, restarted, started, stopped } from './duty.ts';
import { approverRoles, dutyNames, operatorRoles, reverserRoles } from './order.ts';
import type { DutyName, Order, OrderEffect, OrderEvent } from './order.ts';
import {
  beginEnd,
  cancel,
  change,
  commit,
  draftOf,
  finish,
  leaveStop,
  pendingDuty,
  setDuty,
  start,
  succeedApply,
  tellCase,
} from './saga.ts';
import type { Draft, OrderStep } from './saga.ts';

type Of<T extends OrderEvent['type']> = Extract<OrderEvent, { type: T }>;

/**
 * One enforcement order as a saga: four eyes, apply, strike, statement, notice, expiry, reversal.
 *
 * Promised: applied under one idempotency key however often it is tried; no strike, statement or notice before the
 * application; lifted once, at its end or at its reversal, whichever is first; approver and decider are two people; a
 * failed step is retried by timer within a budget, then escalated and kept in sight until a person retries it, does it
 * by hand or reverses the order. A drill is refused at its opening.
 */
export const orderMachine: Machine<Order, OrderEvent, OrderEffect> = { transition, nextDue, isFinal };

function isFinal(order: Order): boolean {
  const over =
    order.status === 'refused' ||
    order.status === 'reversed' ||
    (order.status === 'lifted' && order.appealUntilAt === null);
  return over && !dutyNames.some((name) => isOpen(order.duties[name]));
}

function nextDue(order: Order): number | null {
  if (order.version === 0) return null;
  const times = [
    order.approvalDueAt,
    order.stoppedDueAt,
    order.status === 'active' ? order.endsAt : null,
    order.appealUntilAt,
    ...dutyNames.map((name) => order.duties[name].retryAt),
  ].filter((at) => at !== null);
  return times.length === 0 ? null : Math.min(...times);
}

const on: { readonly [T in OrderEvent['type']]: (order: Order, event: Of<T>, now: number) => OrderStep } = {
  opened: (order, _event, now) => (order.status === 'proposed' ? open(order, now) : ignored),
  approve,
  refuse,
  actionSettled,
  strikeRecorded: dutyDone,
  strikeVoided: dutyDone,
  statementWritten: dutyDone,
  noticeSent,
  reverse,
  makePermanent,
  retry,
  settleByHand,
  killSwitchCleared,
  due,
};

function transition(order: Order, event: OrderEvent, now: number): OrderStep {
  const handle = on[event.type] as (order: Order, event: OrderEvent, now: number) => OrderStep;
  return handle(order, event, now);
}

/** The person who asks, or why not: a command is by a person who holds one of the roles, on an order that is not over. */
function commander(order: Order, by: Actor, roles: readonly Role[]): Person | Refusal {
  if (!isPerson(by)) return refused('decision.person_required');
  if (!holds(by, ...roles)) return refused('auth.forbidden');
  if (order.status === 'proposed') return refused('aggregate.not_found');
  return isFinal(order) ? refused('enforcement.ended') : by;
}

function open(order: Order, now: number): OrderStep {
  if (order.synthetic) return refused('enforcement.synthetic');
  const problem = orderProblem(order.action, order.target.kind, order.durationMs);
  if (problem !== null) return refused(problem, { action: order.action });
  const draft = draftOf(order);
  if (order.fourEyes.length === 0) return commit(order, change(draft, { status: 'applying' }));
  return commit(order, change(draft, { status: 'awaiting_approval', approvalDueAt: now + order.limits.approvalMs }));
}

function approver(order: Order, by: Actor, now: number): Person | Refusal {
  const person = commander(order, by, approverRoles);
  if ('outcome' in person) return person;
  if (order.status !== 'awaiting_approval')
    return refused('enforcement.not_awaiting_approval', { status: order.status });
  if (person.id === order.decidedBy) return refused('enforcement.same_person');
  if (order.approvalDueAt !== null && order.approvalDueAt <= now) return refused('enforcement.approval_expired');
  return person;
}

function approve(order: Order, event: Of<'approve'>, now: number): OrderStep {
  const person = approver(order, event.by, now);
  if ('outcome' in person) return person;
  const approved = change(draftOf(order), { status: 'applying', approvedBy: person.id, approvalDueAt: null });
  return commit(order, approved, { status: 'applying' });
}

function refuse(order: Order, event: Of<'refuse'>, now: number): OrderStep {
  const person = approver(order, event.by, now);
  if ('outcome' in person) return person;
  const refusal = { by: person.id, reasonCode: event.reasonCode };
  const draft = change(draftOf(order), { status: 'refused', refused: refusal, approvalDueAt: null, endedAt: now });
  return commit(order, tellCase(draft, 'refused'), { status: 'refused' });
}

function actionSettled(order: Order, event: Of<'actionSettled'>, now: number): OrderStep {
  const name = pendingDuty(order, event.effectKey);
  const draft = draftOf(order);
  if (name === 'apply') return commit(order, applySettled(draft, event, now));
  if (name === 'lift') return commit(order, liftSettled(draft, event, now));
  return ignored;
}

function applySettled(draft: Draft, { result, attempts }: Of<'actionSettled'>, now: number): Draft {
  const { order } = draft;
  const { apply } = order.duties;
  if (result === 'applied' || result === 'already_applied') return succeedApply(draft, now, 'done');
  // A refusal for good answers every earlier call under its key; anything else leaves a call without an answer.
  const isUncertain = result === 'failed_transient' || (result !== 'failed_permanent' && attempts > 0);
  const known = isUncertain ? change(draft, { applyUncertain: true }) : draft;
  if (order.reversal !== null) return cancel(known, now);
  if (result === 'stopped_by_kill_switch') {
    const held = setDuty(known, 'apply', stopped(apply, now + order.limits.stoppedRecheckMs));
    const patience = order.stopEscalated ? null : (order.stoppedDueAt ?? now + order.limits.stoppedPatienceMs);
    return change(held, { status: 'stopped', stoppedDueAt: patience });
  }
  const duty = failed(apply, order.limits.retryDelaysMs, now, result === 'failed_permanent');
  const next = setDuty(leaveStop(known), 'apply', duty);
  if (duty.status === 'waiting') return change(next, { status: 'applying' });
  return tellCase(change(next, { status: 'apply_failed' }), 'failed');
}

function liftSettled(draft: Draft, { result }: Of<'actionSettled'>, now: number): Draft {
  const { limits, duties } = draft.order;
  if (result === 'applied' || result === 'already_applied') {
    return finish(setDuty(draft, 'lift', ended(duties.lift, 'done')), now);
  }
  // A kill switch stops new restrictions, never the end of one: here it is a failure like any other.
  const duty = failed(duties.lift, limits.retryDelaysMs, now, result === 'failed_permanent');
  const next = setDuty(draft, 'lift', duty);
  return duty.status === 'waiting' ? next : change(next, { status: 'lift_failed' });
}

function dutyDone(order: Order, { effectKey }: { readonly effectKey: string }): OrderStep {
  const name = pendingDuty(order, effectKey);
  if (name === null || name === 'apply' || name === 'lift') return ignored;
  return commit(order, setDuty(draftOf(order), name, ended(order.duties[name], 'done')));
}

function noticeSent(order: Order, event: Of<'noticeSent'>, now: number): OrderStep {
  const name = pendingDuty(order, event.effectKey);
  if (name !== 'notice' && name !== 'permanent_notice' && name !== 'reversal_notice') return ignored;
  if (event.result === 'sent') return dutyDone(order, event);
  const overtaken = order.status === 'reversed' && name !== 'reversal_notice';
  const duty = order.duties[name];
  const permanent = event.result === 'failed_permanent';
  const next = overtaken ? ended(duty, 'dropped') : failed(duty, order.limits.retryDelaysMs, now, permanent);
  return commit(order, setDuty(draftOf(order), name, next));
}

function reverse(order: Order, event: Of<'reverse'>, now: number): OrderStep {
  const person = commander(order, event.by, reverserRoles);
  if ('outcome' in person) return person;
  if (order.reversal !== null) return refused('enforcement.already_reversed', { by: order.reversal.by });
  if (order.status === 'refused') return refused('enforcement.ended');
  const { apply, lift } = order.duties;
  const draft = change(draftOf(order), { reversal: { by: person.id, reasonCode: event.reasonCode, at: now } });
  const answer = (next: Draft) => commit(order, next, { status: next.order.status });
  // A call that is out is waited for: only its answer tells what there is to undo.
  if (apply.status === 'pending' || lift.status === 'pending') return answer(draft);
  if (order.appliedAt === null) return answer(cancel(draft, now));
  if (isOpen(lift)) return answer(change(start(draft, 'lift', restarted), { status: 'lifting' }));
  return answer(beginEnd(draft, now));
}

function makePermanent(order: Order, event: Of<'makePermanent'>, now: number): OrderStep {
  const person = commander(order, event.by, approverRoles);
  if ('outcome' in person) return person;
  if (person.id === order.decidedBy) return refused('enforcement.same_person');
  if (actionRule(order.action).kind !== 'lasting')
    return refused('enforcement.not_permanent_kind', { action: order.action });
  if (order.status !== 'active' || order.reversal !== null || order.endsAt === null || order.endsAt <= now) {
    return refused('enforcement.not_in_force', { status: order.status });
  }
  const draft = change(draftOf(order), { status: 'permanent', endsAt: null, madePermanentBy: person.id });
  return commit(order, draft, { status: 'permanent' });
}

function retry(order: Order, event: Of<'retry'>): OrderStep {
  const person = commander(order, event.by, operatorRoles);
  if ('outcome' in person) return person;
  const unsettled = dutyNames.filter((name) => ['parked', 'waiting'].includes(order.duties[name].status));
  if (unsettled.length === 0) {
    return refused(order.status === 'stopped' ? 'enforcement.stopped' : 'enforcement.nothing_to_retry');
  }
  const draft = unsettled.reduce((at, name) => start(at, name, restarted), draftOf(order));
  const status = running(order.status);
  return commit(order, change(draft, { status }), { status });
}

const running = (status: Order['status']): Order['status'] =>
  status === 'apply_failed' ? 'applying' : status === 'lift_failed' ? 'lifting' : status;

function settleByHand(order: Order, event: Of<'settleByHand'>, now: number): OrderStep {
  const person = commander(order, event.by, approverRoles);
  if ('outcome' in person) return person;
  const parked = dutyNames.filter((name) => order.duties[name].status === 'parked');
  if (parked.length === 0) return refused('enforcement.nothing_to_retry');
  const draft = parked.reduce((at, name) => byHand(at, name, now), draftOf(order));
  return commit(order, draft, { status: draft.order.status });
}

function byHand(draft: Draft, name: DutyName, now: number): Draft {
  if (name === 'apply') return succeedApply(draft, now, 'by_hand');
  const done = setDuty(draft, name, ended(draft.order.duties[name], 'by_hand'));
  return name === 'lift' ? finish(done, now) : done;
}

function killSwitchCleared(order: Order): OrderStep {
  if (order.status !== 'stopped' || order.duties.apply.status !== 'stopped') return ignored;
  return commit(order, start(change(leaveStop(draftOf(order)), { status: 'applying' }), 'apply', restarted));
}

function due(order: Order, _event: Of<'due'>, now: number): OrderStep {
  const reached = (at: number | null): boolean => at !== null && at <= now;
  let draft = draftOf(order);
  if (reached(order.approvalDueAt)) return commit(order, expireApproval(draft, now));
  if (reached(order.stoppedDueAt)) draft = escalateStop(draft);
  if (order.status === 'active' && reached(order.endsAt)) draft = beginEnd(draft, now);
  if (reached(order.appealUntilAt)) draft = change(draft, { appealUntilAt: null });
  const again = dutyNames.filter((name) => reached(order.duties[name].retryAt));
  return commit(
    order,
    again.reduce((at, name) => start(at, name, started), draft),
  );
}

function expireApproval(draft: Draft, now: number): Draft {
  const { orderId } = draft.order;
  const expired = change(
    draft,
    { status: 'refused', approvalExpired: true, approvalDueAt: null, endedAt: now },
    {
      key: 'openEscalation:approval',
      type: 'openEscalation',
      reason: 'approval_expired',
      dedupKey: `enforcement:${orderId}:approval`,
    },
  );
  return tellCase(expired, 'approval_expired');
}

function escalateStop(draft: Draft): Draft {
  const { orderId, duties } = draft.order;
  return change(
    draft,
    { stoppedDueAt: null, stopEscalated: true },
    {
      key: `openEscalation:kill_switch:${duties.apply.round}`,
      type: 'openEscalation',
      reason: 'kill_switch_held',
      dedupKey: `enforcement:${orderId}:kill_switch`,
    },
  );
}
