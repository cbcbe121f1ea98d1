import type { Actor, Role } from '#domain/actor.ts';
import { orderMachine } from '#domain/enforcement/machine.ts';
import { defaultOrderLimits, openOrder } from '#domain/enforcement/order.ts';
import type { ActionResult, DutyName, Order, OrderEffect, OrderEvent, OrderInput } from '#domain/enforcement/order.ts';
import { dayMs } from '#domain/time.ts';
import { Told } from './told.ts';

export const t0 = Date.UTC(2026, 2, 1);
export const limits = defaultOrderLimits;

export const person = (id: string, ...roles: Role[]): Actor => ({
  kind: 'person',
  id,
  roles: roles.length > 0 ? roles : ['ops_lead'],
});
export const decider = person('per_decider', 'reviewer', 'ops_lead');
export const approver = person('per_approver');
export const robot: Actor = { kind: 'service', id: 'svc_1' };
export const reverse = (by: Actor = approver): OrderEvent => ({ type: 'reverse', by, reasonCode: 'mistake' });

/** A week's suspension by `per_decider`, unless a test says otherwise. */
export class ToldOrder extends Told<Order, OrderEvent, OrderEffect> {
  constructor(more: Partial<OrderInput> = {}) {
    const input: OrderInput = {
      orderId: 'enf_1',
      caseId: 'cse_1',
      decisionId: 'dec_1',
      decidedBy: 'per_decider',
      target: { kind: 'account', ref: 'acct-hash' },
      action: 'suspend_account',
      durationMs: 7 * dayMs,
      policyVersionId: 'plv_1',
      policyCode: 'fraud-1',
      synthetic: false,
      protectedSubject: false,
      limits,
      ...more,
    };
    super(orderMachine, openOrder(input, t0), t0);
  }

  open(): this {
    return this.hear({ type: 'opened' });
  }

  settle(name: DutyName, result: ActionResult, now = t0): this {
    const attempts = result === 'withdrawn' || result === 'stopped_by_kill_switch' ? 0 : 1;
    return this.hear({ type: 'actionSettled', effectKey: this.keyOf(name), result, attempts }, now);
  }

  /** Answers every strike, statement and notice that is out, until none is. */
  finishPaperwork(): this {
    for (let event = this.nextPaper(); event !== null; event = this.nextPaper()) this.hear(event);
    return this;
  }

  keyOf(name: DutyName): string {
    return `${name}:${this.state.duties[name].round}`;
  }

  private nextPaper(): OrderEvent | null {
    const pending = (name: DutyName) => this.state.duties[name].status === 'pending';
    if (pending('strike')) return { type: 'strikeRecorded', effectKey: this.keyOf('strike') };
    if (pending('void_strike')) return { type: 'strikeVoided', effectKey: this.keyOf('void_strike') };
    const statement = (['statement', 'permanent_statement'] as const).find(pending);
    if (statement) return { type: 'statementWritten', effectKey: this.keyOf(statement) };
    const notice = (['notice', 'permanent_notice', 'reversal_notice'] as const).find(pending);
    return notice ? { type: 'noticeSent', effectKey: this.keyOf(notice), result: 'sent' } : null;
  }
}

/** An order in force, with its strike, statement and notice done. */
export const inForce = (more: Partial<OrderInput> = {}): ToldOrder =>
  new ToldOrder(more).open().settle('apply', 'applied').finishPaperwork();
