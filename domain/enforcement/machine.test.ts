import { describe, expect, it } from 'vitest';
import type { Actor, Role } from '../actor.ts';
import { dayMs, hourMs, minuteMs } from '../time.ts';
import { orderMachine } from './machine.ts';
import { defaultOrderLimits, openOrder } from './order.ts';
import type { ActionResult, DutyName, Order, OrderEffect, OrderEvent, OrderInput } from './order.ts';

const t0 = Date.UTC(2026, 2, 1);
const limits = defaultOrderLimits;

const person = (id: string, ...roles: Role[]): Actor => ({
  kind: 'person',
  id,
  roles: roles.length > 0 ? roles : ['ops_lead'],
});
const decider = person('per_decider', 'reviewer', 'ops_lead');
const approver = person('per_approver');
const robot: Actor = { kind: 'service', id: 'svc_1' };

/** An order being told things: keeps the state, the effects of the last event, and all effects so far. */
class Told {
  order: Order;
  effects: readonly OrderEffect[] = [];
  all: OrderEffect[] = [];
  constructor(more: Partial<OrderInput> = {}) {
    this.order = openOrder(
      {
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
      },
      t0,
    );
  }
  hear(event: OrderEvent, now = t0): this {
    const step = orderMachine.transition(this.order, event, now);
    if (step.outcome !== 'moved') throw new Error(`${event.type}: ${JSON.stringify(step)}`);
    this.order = step.state;
    this.effects = step.effects;
    this.all.push(...step.effects);
    return this;
  }
  open(): this {
    return this.hear({ type: 'opened' });
  }
  settle(name: DutyName, result: ActionResult, now = t0): this {
    const attempts = result === 'withdrawn' || result === 'stopped_by_kill_switch' ? 0 : 1;
    return this.hear({ type: 'actionSettled', effectKey: this.keyOf(name), result, attempts }, now);
  }
  /** Answers every strike, statement and notice that is out, until none is. */
  finishPaperwork(now = t0): this {
    for (;;) {
      const event = this.nextPaper();
      if (event === null) return this;
      this.hear(event, now);
    }
  }
  answer(event: OrderEvent, now = t0): string {
    const step = orderMachine.transition(this.order, event, now);
    return step.outcome === 'refused' ? step.code : step.outcome;
  }
  keyOf(name: DutyName): string {
    return `${name}:${this.order.duties[name].round}`;
  }
  get types(): string[] {
    return this.effects.map(({ type }) => type);
  }
  of<T extends OrderEffect['type']>(type: T): Extract<OrderEffect, { type: T }>[] {
    return this.all.filter((effect) => effect.type === type) as Extract<OrderEffect, { type: T }>[];
  }
  private nextPaper(): OrderEvent | null {
    const { duties } = this.order;
    const pending = (name: DutyName) => duties[name].status === 'pending';
    if (pending('strike')) return { type: 'strikeRecorded', effectKey: this.keyOf('strike') };
    if (pending('void_strike')) return { type: 'strikeVoided', effectKey: this.keyOf('void_strike') };
    for (const name of ['statement', 'permanent_statement'] as const) {
      if (pending(name)) return { type: 'statementWritten', effectKey: this.keyOf(name) };
    }
    for (const name of ['notice', 'permanent_notice', 'reversal_notice'] as const) {
      if (pending(name)) return { type: 'noticeSent', effectKey: this.keyOf(name), result: 'sent' };
    }
    return null;
  }
}

const active = (more: Partial<OrderInput> = {}) => new Told(more).open().settle('apply', 'applied').finishPaperwork();
const reverse = (by: Actor = approver): OrderEvent => ({ type: 'reverse', by, reasonCode: 'mistake' });

describe('an order that goes well', () => {
  it('is applied, gives its strike, its statement and then its notice, and lifts itself at its end', () => {
    const told = new Told().open();
    expect(told.effects).toEqual([
      {
        key: 'apply:1',
        type: 'applyAction',
        idempotencyKey: 'enf_1:apply',
        action: 'suspend_account',
        target: { kind: 'account', ref: 'acct-hash' },
      },
    ]);
    told.settle('apply', 'applied', t0 + minuteMs);
    expect(told.types).toEqual(['tellCase', 'recordStrike', 'writeStatementOfReasons']);
    expect(told.order).toMatchObject({ status: 'active', endsAt: t0 + minuteMs + 7 * dayMs });
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'sendNotice', kind: 'restricted', undone: true })]);
    told.finishPaperwork();
    const end = t0 + minuteMs + 7 * dayMs;
    expect(orderMachine.nextDue(told.order)).toBe(end);
    expect(told.answer({ type: 'due' }, end - 1)).toBe('ignored');
    told.hear({ type: 'due' }, end);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'liftAction', appliedUnderKey: 'enf_1:apply' })]);
    told.settle('lift', 'applied', end);
    expect(told.order.status).toBe('lifted');
    expect(told.of('applyAction')).toHaveLength(1);
    expect(told.of('liftAction')).toHaveLength(1);
  });

  it('can still be reversed after its end, until the appeal window closes', () => {
    const told = active()
      .hear({ type: 'due' }, t0 + 7 * dayMs)
      .settle('lift', 'already_applied', t0 + 7 * dayMs);
    const windowEnd = t0 + limits.appealWindowMs;
    expect(orderMachine.nextDue(told.order)).toBe(windowEnd);
    const appealed = Object.assign(new Told(), told);
    appealed.hear(reverse(), windowEnd - 1);
    expect(appealed.types).toEqual(['tellCase', 'voidStrike', 'sendNotice']);
    told.hear({ type: 'due' }, windowEnd);
    expect(orderMachine.isFinal(told.order)).toBe(true);
    expect(told.answer(reverse(), windowEnd)).toBe('enforcement.ended');
  });

  it('of a warning owes no statement and lifts nothing', () => {
    const told = active({ action: 'warn_account', durationMs: null });
    expect(told.of('writeStatementOfReasons')).toEqual([]);
    expect(told.of('sendNotice')).toEqual([expect.objectContaining({ kind: 'restricted', endsAt: null })]);
    told.hear({ type: 'due' }, t0 + limits.appealWindowMs);
    expect(told.of('liftAction')).toEqual([]);
    expect(orderMachine.isFinal(told.order)).toBe(true);
  });

  it('hears an answer twice and acts on it once', () => {
    const told = new Told().open().settle('apply', 'applied');
    const again = (result: ActionResult) =>
      told.answer({ type: 'actionSettled', effectKey: 'apply:1', result, attempts: 1 });
    expect(again('applied')).toBe('ignored');
    expect(again('failed_permanent')).toBe('ignored');
    expect(told.answer({ type: 'opened' })).toBe('ignored');
  });
});

describe('opening', () => {
  it.each([
    ['a drill', { synthetic: true }, 'enforcement.synthetic'],
    ['a duration that does not fit', { action: 'terminate_account' }, 'enforcement.duration_unfit'],
    ['a target that does not fit', { action: 'remove_content' }, 'enforcement.target_unfit'],
  ] as const)('refuses %s', (_what, more, code) => {
    const told = new Told(more);
    expect(told.answer({ type: 'opened' })).toBe(code);
    expect(orderMachine.nextDue(told.order)).toBeNull();
  });
});

describe('four eyes', () => {
  const permanent = () => new Told({ durationMs: null }).open();

  it('lets nothing happen before a second person approves', () => {
    const told = permanent();
    expect(told.order.status).toBe('awaiting_approval');
    expect(told.effects).toEqual([]);
    expect(told.answer({ type: 'approve', by: decider })).toBe('enforcement.same_person');
    expect(told.answer({ type: 'approve', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'approve', by: person('per_x', 'reviewer') })).toBe('auth.forbidden');
    told.hear({ type: 'approve', by: approver });
    expect(told.types).toEqual(['applyAction']);
    told.settle('apply', 'applied').finishPaperwork();
    expect(told.order).toMatchObject({ status: 'permanent', approvedBy: 'per_approver', endsAt: null });
    expect(told.answer({ type: 'approve', by: approver })).toBe('enforcement.not_awaiting_approval');
  });

  it('ends refused, by the second person', () => {
    const told = permanent();
    expect(told.answer({ type: 'refuse', by: decider, reasonCode: 'not_proven' })).toBe('enforcement.same_person');
    told.hear({ type: 'refuse', by: approver, reasonCode: 'not_proven' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'tellCase', outcome: 'refused' })]);
    expect(orderMachine.isFinal(told.order)).toBe(true);
  });

  it('expires, which is told and escalated; an approval at that instant is too late', () => {
    const told = permanent();
    const end = t0 + limits.approvalMs;
    expect(told.answer({ type: 'approve', by: approver }, end)).toBe('enforcement.approval_expired');
    told.hear({ type: 'due' }, end);
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'openEscalation', reason: 'approval_expired' }),
      expect.objectContaining({ type: 'tellCase', outcome: 'approval_expired' }),
    ]);
    expect(told.answer({ type: 'approve', by: approver }, end)).toBe('enforcement.ended');
  });

  it('is needed to make an order permanent, which gets its own statement and notice', () => {
    const told = active();
    expect(told.answer({ type: 'makePermanent', by: decider })).toBe('enforcement.same_person');
    expect(told.answer({ type: 'makePermanent', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'makePermanent', by: approver }, t0 + 7 * dayMs)).toBe('enforcement.not_in_force');
    told.hear({ type: 'makePermanent', by: approver }).finishPaperwork();
    expect(told.order).toMatchObject({ status: 'permanent', madePermanentBy: 'per_approver' });
    expect(told.of('writeStatementOfReasons').map(({ kind }) => kind)).toEqual(['restricted', 'made_permanent']);
    expect(told.of('sendNotice').map(({ kind }) => kind)).toEqual(['restricted', 'made_permanent']);
    expect(orderMachine.nextDue(told.order)).toBeNull();
    expect(active({ action: 'warn_account', durationMs: null }).answer({ type: 'makePermanent', by: approver })).toBe(
      'enforcement.not_permanent_kind',
    );
  });
});

describe('an application that fails', () => {
  const exhaust = (told: Told): Told => {
    for (const delay of limits.retryDelaysMs) {
      told.settle('apply', 'failed_transient');
      expect(orderMachine.nextDue(told.order)).toBe(t0 + delay);
      told.hear({ type: 'due' }, t0 + delay);
      expect(told.of('applyAction').at(-1)).toMatchObject({ key: told.keyOf('apply'), idempotencyKey: 'enf_1:apply' });
    }
    return told.settle('apply', 'failed_transient');
  };

  it('is tried again with growing delays under one key, then parked, escalated and told', () => {
    const told = exhaust(new Told().open());
    expect(told.order.status).toBe('apply_failed');
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'openEscalation', reason: 'apply_failed', dedupKey: 'enforcement:enf_1:apply' }),
      expect.objectContaining({ type: 'tellCase', outcome: 'failed' }),
    ]);
    expect(orderMachine.nextDue(told.order)).toBeNull();
    expect(told.of('recordStrike')).toEqual([]);
    expect(told.of('sendNotice')).toEqual([]);
  });

  it('is retried on a command, with a fresh budget, and its escalation resolves when it works', () => {
    const told = exhaust(new Told().open());
    expect(told.answer({ type: 'retry', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'retry', by: person('per_x', 'auditor') })).toBe('auth.forbidden');
    told.hear({ type: 'retry', by: person('per_r', 'responder') });
    expect(told.order.status).toBe('applying');
    expect(told.settle('apply', 'failed_transient').order.duties.apply.status).toBe('waiting');
    told.hear({ type: 'retry', by: approver }).settle('apply', 'already_applied');
    expect(told.types).toEqual(['resolveEscalation', 'tellCase', 'recordStrike', 'writeStatementOfReasons']);
  });

  it('is parked at once when the platform refuses for good, and can be done by hand', () => {
    const told = new Told().open().settle('apply', 'failed_permanent');
    expect(told.order.status).toBe('apply_failed');
    expect(told.answer({ type: 'settleByHand', by: person('per_r', 'reviewer') })).toBe('auth.forbidden');
    told.hear({ type: 'settleByHand', by: approver });
    expect(told.order).toMatchObject({ status: 'active', duties: { apply: { status: 'by_hand' } } });
  });

  it('is cancelled by a reversal: at once when nothing can have happened, with a lift when it may have', () => {
    const clear = new Told().open().settle('apply', 'failed_permanent').hear(reverse());
    expect(clear.types).toEqual(['resolveEscalation', 'tellCase']);
    expect(clear.order.status).toBe('reversed');
    const unclear = new Told().open().settle('apply', 'failed_transient').hear(reverse());
    expect(unclear.order.status).toBe('lifting');
    unclear.settle('lift', 'already_applied');
    expect(unclear.order.status).toBe('reversed');
    expect(orderMachine.isFinal(unclear.order)).toBe(true);
    expect(unclear.of('recordStrike')).toEqual([]);
    expect(unclear.of('sendNotice')).toEqual([]);
  });
});

describe('a kill switch', () => {
  const held = () => new Told().open().settle('apply', 'stopped_by_kill_switch');

  it('holds the order back until it is cleared', () => {
    const told = held();
    expect(told.order.status).toBe('stopped');
    expect(told.answer({ type: 'retry', by: approver })).toBe('enforcement.stopped');
    told.hear({ type: 'killSwitchCleared' });
    expect(told.types).toEqual(['applyAction']);
    expect(told.settle('apply', 'applied').order.status).toBe('active');
    expect(told.answer({ type: 'killSwitchCleared' })).toBe('ignored');
  });

  it('is looked at again by timer, and escalated once when it holds too long', () => {
    const told = held();
    let now = t0;
    for (let checks = 0; checks < 30; checks++) {
      now = orderMachine.nextDue(told.order) ?? 0;
      told.hear({ type: 'due' }, now);
      if (told.order.duties.apply.status === 'pending') told.settle('apply', 'stopped_by_kill_switch', now);
    }
    expect(told.of('openEscalation')).toEqual([expect.objectContaining({ reason: 'kill_switch_held' })]);
    told.hear({ type: 'killSwitchCleared' }, now);
    expect(told.types).toEqual(['resolveEscalation', 'applyAction']);
  });

  it('does not keep an order from being reversed, nor a restriction from ending', () => {
    expect(held().hear(reverse()).order.status).toBe('reversed');
    const told = active().hear(reverse()).settle('lift', 'stopped_by_kill_switch');
    expect(told.order.duties.lift.status).toBe('waiting');
  });
});

describe('a reversal', () => {
  it('lifts at once, voids the strike and tells the account', () => {
    const told = active().hear(reverse(), t0 + dayMs);
    expect(told.types).toEqual(['liftAction']);
    expect(told.answer(reverse())).toBe('enforcement.already_reversed');
    told.settle('lift', 'applied', t0 + dayMs);
    expect(told.types).toEqual(['tellCase', 'voidStrike', 'sendNotice']);
    told.finishPaperwork();
    expect(orderMachine.isFinal(told.order)).toBe(true);
    expect(told.answer({ type: 'due' }, t0 + 8 * dayMs)).toBe('ignored');
    expect(told.of('liftAction')).toHaveLength(1);
  });

  it('waits for a call that is out, then undoes what it did', () => {
    const told = new Told().open().hear(reverse());
    expect(told.effects).toEqual([]);
    told.settle('apply', 'applied');
    expect(told.types).toEqual(['liftAction']);
    expect(told.of('recordStrike')).toEqual([]);
    const withdrawn = new Told().open().hear(reverse()).settle('apply', 'withdrawn');
    expect(withdrawn.order.status).toBe('reversed');
    expect(withdrawn.of('liftAction')).toEqual([]);
  });

  it('lifts to be sure when a call had left before the order was withdrawn', () => {
    const told = new Told().open().hear(reverse());
    told.hear({ type: 'actionSettled', effectKey: 'apply:1', result: 'withdrawn', attempts: 1 });
    expect(told.types).toEqual(['liftAction']);
  });

  it('cancels an order that waits for approval', () => {
    const told = new Told({ durationMs: null }).open().hear(reverse(decider));
    expect(told.effects).toEqual([expect.objectContaining({ type: 'tellCase', outcome: 'cancelled' })]);
    expect(orderMachine.isFinal(told.order)).toBe(true);
  });

  it('of what cannot be undone says so', () => {
    const told = new Told({ action: 'terminate_account', durationMs: null })
      .open()
      .hear({ type: 'approve', by: approver })
      .settle('apply', 'applied')
      .finishPaperwork()
      .hear(reverse());
    expect(told.of('liftAction')).toEqual([]);
    expect(told.of('sendNotice').at(-1)).toMatchObject({ kind: 'reversed', undone: false });
  });

  it('drops a notice that still waits, and forgets a strike only once it is recorded', () => {
    const told = new Told().open().settle('apply', 'applied');
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    told.hear({ type: 'noticeSent', effectKey: 'notice:1', result: 'failed_transient' });
    told.hear(reverse()).settle('lift', 'applied');
    expect(told.order.duties.notice.status).toBe('dropped');
    expect(told.of('voidStrike')).toEqual([]);
    told.hear({ type: 'strikeRecorded', effectKey: 'strike:1' });
    expect(told.types).toEqual(['voidStrike']);
    expect(orderMachine.isFinal(told.hear({ type: 'strikeVoided', effectKey: 'void_strike:1' }).order)).toBe(true);
  });

  it('is by a person who may', () => {
    expect(active().answer(reverse(robot))).toBe('decision.person_required');
    expect(active().answer(reverse(person('per_x', 'responder')))).toBe('auth.forbidden');
  });
});

describe('a lift that fails', () => {
  it('is retried, then parked and escalated: nobody stays restricted unseen', () => {
    const told = active().hear({ type: 'due' }, t0 + 7 * dayMs);
    let now = t0 + 7 * dayMs;
    for (const delay of limits.retryDelaysMs) {
      told.settle('lift', 'failed_transient', now);
      now += delay;
      told.hear({ type: 'due' }, now);
    }
    told.settle('lift', 'failed_transient', now);
    expect(told.order.status).toBe('lift_failed');
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'lift_failed' })]);
    told.hear({ type: 'retry', by: approver }, now);
    expect(told.order.status).toBe('lifting');
    told.settle('lift', 'applied', now);
    expect(told.types).toEqual(['resolveEscalation']);
    expect(told.order.status).toBe('lifted');
  });

  it('is started again by a reversal, and ends when a person lifts by hand', () => {
    const told = active()
      .hear({ type: 'due' }, t0 + 7 * dayMs)
      .settle('lift', 'failed_permanent');
    told.hear(reverse());
    expect(told.types).toEqual(['liftAction']);
    told.settle('lift', 'failed_permanent').hear({ type: 'settleByHand', by: approver });
    expect(told.order).toMatchObject({ status: 'reversed', duties: { lift: { status: 'by_hand' } } });
    expect(told.types).toContain('resolveEscalation');
  });
});

describe('a notice that fails', () => {
  it('is retried, parked, escalated, and never holds up the end of the restriction', () => {
    const told = new Told().open().settle('apply', 'applied');
    told.hear({ type: 'strikeRecorded', effectKey: 'strike:1' });
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    told.hear({ type: 'noticeSent', effectKey: 'notice:1', result: 'failed_permanent' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'notice_failed' })]);
    told.hear({ type: 'due' }, t0 + 7 * dayMs).settle('lift', 'applied', t0 + 7 * dayMs);
    told.hear({ type: 'due' }, t0 + limits.appealWindowMs);
    expect(orderMachine.isFinal(told.order)).toBe(false);
    told.hear({ type: 'retry', by: approver });
    told.hear({ type: 'noticeSent', effectKey: 'notice:2', result: 'sent' });
    expect(told.types).toEqual(['resolveEscalation']);
    expect(orderMachine.isFinal(told.order)).toBe(true);
  });
});

it('never waits longer than a stopped order looks again', () => {
  expect(limits.stoppedRecheckMs).toBeLessThanOrEqual(hourMs);
  expect(limits.stoppedRecheckMs).toBeLessThan(limits.stoppedPatienceMs);
});
