import { approver, decider, inForce, limits, person, reverse, robot, t0, ToldOrder } from '#test/support/told-order.ts';
import { describe, expect, it } from 'vitest';
import { dayMs, hourMs } from '../time.ts';

describe('an application that fails', () => {
  const exhaust = (told: ToldOrder): ToldOrder => {
    for (const delay of limits.retryDelaysMs) {
      told.settle('apply', 'failed_transient');
      expect(told.due).toBe(t0 + delay);
      told.hear({ type: 'due' }, t0 + delay);
      expect(told.of('applyAction').at(-1)).toMatchObject({ key: told.keyOf('apply'), idempotencyKey: 'enf_1:apply' });
    }
    return told.settle('apply', 'failed_transient');
  };

  it('is tried again with growing delays under one key, then parked, escalated and told', () => {
    const told = exhaust(new ToldOrder().open());
    expect(told.state.status).toBe('apply_failed');
    expect(told.effects).toEqual([
      expect.objectContaining({ type: 'openEscalation', reason: 'apply_failed', dedupKey: 'enforcement:enf_1:apply' }),
      expect.objectContaining({ type: 'tellCase', outcome: 'failed' }),
    ]);
    expect(told.due).toBeNull();
    expect(told.of('recordStrike')).toEqual([]);
    expect(told.of('sendNotice')).toEqual([]);
  });

  it('is retried on a command, with a fresh budget, and its escalation resolves when it works', () => {
    const told = exhaust(new ToldOrder().open());
    expect(told.answer({ type: 'retry', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'retry', by: person('per_x', 'auditor') })).toBe('auth.forbidden');
    told.hear({ type: 'retry', by: person('per_r', 'responder') });
    expect(told.state.status).toBe('applying');
    expect(told.settle('apply', 'failed_transient').state.duties.apply.status).toBe('waiting');
    told.hear({ type: 'retry', by: approver }).settle('apply', 'already_applied');
    expect(told.types).toEqual(['resolveEscalation', 'tellCase', 'recordStrike', 'writeStatementOfReasons']);
  });

  it('is parked at once when the platform refuses for good, and can be done by hand', () => {
    const told = new ToldOrder().open().settle('apply', 'failed_permanent');
    expect(told.state.status).toBe('apply_failed');
    expect(told.answer({ type: 'settleByHand', by: person('per_r', 'reviewer') })).toBe('auth.forbidden');
    told.hear({ type: 'settleByHand', by: approver });
    expect(told.state).toMatchObject({ status: 'active', duties: { apply: { status: 'by_hand' } } });
  });

  it('is cancelled by a reversal: at once when nothing can have happened, with a lift when it may have', () => {
    const clear = new ToldOrder().open().settle('apply', 'failed_permanent').hear(reverse());
    expect(clear.types).toEqual(['resolveEscalation', 'tellCase']);
    expect(clear.state.status).toBe('reversed');
    const unclear = new ToldOrder().open().settle('apply', 'failed_transient').hear(reverse());
    expect(unclear.state.status).toBe('lifting');
    unclear.settle('lift', 'already_applied');
    expect(unclear.state.status).toBe('reversed');
    expect(unclear.isFinal).toBe(true);
    expect(unclear.of('recordStrike')).toEqual([]);
    expect(unclear.of('sendNotice')).toEqual([]);
  });
});

describe('a kill switch', () => {
  const held = () => new ToldOrder().open().settle('apply', 'stopped_by_kill_switch');

  it('holds the order back until it is cleared', () => {
    const told = held();
    expect(told.state.status).toBe('stopped');
    expect(told.answer({ type: 'retry', by: approver })).toBe('enforcement.stopped');
    told.hear({ type: 'killSwitchCleared' });
    expect(told.types).toEqual(['applyAction']);
    expect(told.settle('apply', 'applied').state.status).toBe('active');
    expect(told.answer({ type: 'killSwitchCleared' })).toBe('ignored');
  });

  it('is looked at again by timer, and escalated once when it holds too long', () => {
    const told = held();
    let now = t0;
    for (let checks = 0; checks < 30; checks++) {
      now = told.due ?? 0;
      told.hear({ type: 'due' }, now);
      if (told.state.duties.apply.status === 'pending') told.settle('apply', 'stopped_by_kill_switch', now);
    }
    expect(told.of('openEscalation')).toEqual([expect.objectContaining({ reason: 'kill_switch_held' })]);
    told.hear({ type: 'killSwitchCleared' }, now);
    expect(told.types).toEqual(['resolveEscalation', 'applyAction']);
  });

  it('does not keep an order from being reversed, nor a restriction from ending', () => {
    expect(held().hear(reverse()).state.status).toBe('reversed');
    const told = inForce().hear(reverse()).settle('lift', 'stopped_by_kill_switch');
    expect(told.state.duties.lift.status).toBe('waiting');
  });
});

describe('a reversal', () => {
  it('lifts at once, voids the strike and tells the account', () => {
    const told = inForce().hear(reverse(), t0 + dayMs);
    expect(told.types).toEqual(['liftAction']);
    expect(told.answer(reverse())).toBe('enforcement.already_reversed');
    told.settle('lift', 'applied', t0 + dayMs);
    expect(told.types).toEqual(['tellCase', 'voidStrike', 'sendNotice']);
    told.finishPaperwork();
    expect(told.isFinal).toBe(true);
    expect(told.answer({ type: 'due' }, t0 + 8 * dayMs)).toBe('ignored');
    expect(told.of('liftAction')).toHaveLength(1);
  });

  it('waits for a call that is out, then undoes what it did', () => {
    const told = new ToldOrder().open().hear(reverse());
    expect(told.effects).toEqual([]);
    told.settle('apply', 'applied');
    expect(told.types).toEqual(['liftAction']);
    expect(told.of('recordStrike')).toEqual([]);
    const withdrawn = new ToldOrder().open().hear(reverse()).settle('apply', 'withdrawn');
    expect(withdrawn.state.status).toBe('reversed');
    expect(withdrawn.of('liftAction')).toEqual([]);
  });

  it('lifts to be sure when a call had left before the order was withdrawn', () => {
    const told = new ToldOrder().open().hear(reverse());
    told.hear({ type: 'actionSettled', effectKey: 'apply:1', result: 'withdrawn', attempts: 1 });
    expect(told.types).toEqual(['liftAction']);
  });

  it('cancels an order that waits for approval', () => {
    const told = new ToldOrder({ durationMs: null }).open().hear(reverse(decider));
    expect(told.effects).toEqual([expect.objectContaining({ type: 'tellCase', outcome: 'cancelled' })]);
    expect(told.isFinal).toBe(true);
  });

  it('of what cannot be undone says so', () => {
    const told = new ToldOrder({ action: 'terminate_account', durationMs: null })
      .open()
      .hear({ type: 'approve', by: approver })
      .settle('apply', 'applied')
      .finishPaperwork()
      .hear(reverse());
    expect(told.of('liftAction')).toEqual([]);
    expect(told.of('sendNotice').at(-1)).toMatchObject({ kind: 'reversed', undone: false });
  });

  it('drops a notice that still waits, and forgets a strike only once it is recorded', () => {
    const told = new ToldOrder().open().settle('apply', 'applied');
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    told.hear({ type: 'noticeSent', effectKey: 'notice:1', result: 'failed_transient' });
    told.hear(reverse()).settle('lift', 'applied');
    expect(told.state.duties.notice.status).toBe('dropped');
    expect(told.of('voidStrike')).toEqual([]);
    told.hear({ type: 'strikeRecorded', effectKey: 'strike:1' });
    expect(told.types).toEqual(['voidStrike']);
    expect(told.hear({ type: 'strikeVoided', effectKey: 'void_strike:1' }).isFinal).toBe(true);
  });

  it('is by a person who may', () => {
    expect(inForce().answer(reverse(robot))).toBe('decision.person_required');
    expect(inForce().answer(reverse(person('per_x', 'responder')))).toBe('auth.forbidden');
  });
});

describe('a lift that fails', () => {
  it('is retried, then parked and escalated: nobody stays restricted unseen', () => {
    const told = inForce().hear({ type: 'due' }, t0 + 7 * dayMs);
    let now = t0 + 7 * dayMs;
    for (const delay of limits.retryDelaysMs) {
      told.settle('lift', 'failed_transient', now);
      now += delay;
      told.hear({ type: 'due' }, now);
    }
    told.settle('lift', 'failed_transient', now);
    expect(told.state.status).toBe('lift_failed');
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'lift_failed' })]);
    told.hear({ type: 'retry', by: approver }, now);
    expect(told.state.status).toBe('lifting');
    told.settle('lift', 'applied', now);
    expect(told.types).toEqual(['resolveEscalation']);
    expect(told.state.status).toBe('lifted');
  });

  it('is started again by a reversal, and ends when a person lifts by hand', () => {
    const told = inForce()
      .hear({ type: 'due' }, t0 + 7 * dayMs)
      .settle('lift', 'failed_permanent');
    told.hear(reverse());
    expect(told.types).toEqual(['liftAction']);
    told.settle('lift', 'failed_permanent').hear({ type: 'settleByHand', by: approver });
    expect(told.state).toMatchObject({ status: 'reversed', duties: { lift: { status: 'by_hand' } } });
    expect(told.types).toContain('resolveEscalation');
  });
});

describe('a notice that fails', () => {
  it('is retried, parked, escalated, and never holds up the end of the restriction', () => {
    const told = new ToldOrder().open().settle('apply', 'applied');
    told.hear({ type: 'strikeRecorded', effectKey: 'strike:1' });
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    told.hear({ type: 'noticeSent', effectKey: 'notice:1', result: 'failed_permanent' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'openEscalation', reason: 'notice_failed' })]);
    told.hear({ type: 'due' }, t0 + 7 * dayMs).settle('lift', 'applied', t0 + 7 * dayMs);
    told.hear({ type: 'due' }, t0 + limits.appealWindowMs);
    expect(told.isFinal).toBe(false);
    told.hear({ type: 'retry', by: approver });
    told.hear({ type: 'noticeSent', effectKey: 'notice:2', result: 'sent' });
    expect(told.types).toEqual(['resolveEscalation']);
    expect(told.isFinal).toBe(true);
  });
});

it('never waits longer than a stopped order looks again', () => {
  expect(limits.stoppedRecheckMs).toBeLessThanOrEqual(hourMs);
  expect(limits.stoppedRecheckMs).toBeLessThan(limits.stoppedPatienceMs);
});
