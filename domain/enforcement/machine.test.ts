import { approver, decider, inForce, limits, person, reverse, robot, t0, ToldOrder } from '#test/support/told-order.ts';
import { describe, expect, it } from 'vitest';
import { dayMs, minuteMs } from '../time.ts';
import type { ActionResult } from './order.ts';

describe('an order that goes well', () => {
  it('is applied, gives its strike, its statement and then its notice, and lifts itself at its end', () => {
    const told = new ToldOrder().open();
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
    expect(told.state).toMatchObject({ status: 'active', endsAt: t0 + minuteMs + 7 * dayMs });
    told.hear({ type: 'statementWritten', effectKey: 'statement:1' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'sendNotice', kind: 'restricted', undone: true })]);
    told.finishPaperwork();
    const end = t0 + minuteMs + 7 * dayMs;
    expect(told.due).toBe(end);
    expect(told.answer({ type: 'due' }, end - 1)).toBe('ignored');
    told.hear({ type: 'due' }, end);
    expect(told.effects).toEqual([expect.objectContaining({ type: 'liftAction', appliedUnderKey: 'enf_1:apply' })]);
    told.settle('lift', 'applied', end);
    expect(told.state.status).toBe('lifted');
    expect(told.of('applyAction')).toHaveLength(1);
    expect(told.of('liftAction')).toHaveLength(1);
  });

  it('can still be reversed after its end, until the appeal window closes', () => {
    const told = inForce()
      .hear({ type: 'due' }, t0 + 7 * dayMs)
      .settle('lift', 'already_applied', t0 + 7 * dayMs);
    const windowEnd = t0 + limits.appealWindowMs;
    expect(told.due).toBe(windowEnd);
    const appealed = Object.assign(new ToldOrder(), { state: told.state });
    appealed.hear(reverse(), windowEnd - 1);
    expect(appealed.types).toEqual(['tellCase', 'voidStrike', 'sendNotice']);
    told.hear({ type: 'due' }, windowEnd);
    expect(told.isFinal).toBe(true);
    expect(told.answer(reverse(), windowEnd)).toBe('enforcement.ended');
  });

  it('of a warning owes no statement and lifts nothing', () => {
    const told = inForce({ action: 'warn_account', durationMs: null });
    expect(told.of('writeStatementOfReasons')).toEqual([]);
    expect(told.of('sendNotice')).toEqual([expect.objectContaining({ kind: 'restricted', endsAt: null })]);
    told.hear({ type: 'due' }, t0 + limits.appealWindowMs);
    expect(told.of('liftAction')).toEqual([]);
    expect(told.isFinal).toBe(true);
  });

  it('hears an answer twice and acts on it once', () => {
    const told = new ToldOrder().open().settle('apply', 'applied');
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
    const told = new ToldOrder(more);
    expect(told.answer({ type: 'opened' })).toBe(code);
    expect(told.due).toBeNull();
  });
});

describe('four eyes', () => {
  const permanent = () => new ToldOrder({ durationMs: null }).open();

  it('lets nothing happen before a second person approves', () => {
    const told = permanent();
    expect(told.state.status).toBe('awaiting_approval');
    expect(told.effects).toEqual([]);
    expect(told.answer({ type: 'approve', by: decider })).toBe('enforcement.same_person');
    expect(told.answer({ type: 'approve', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'approve', by: person('per_x', 'reviewer') })).toBe('auth.forbidden');
    told.hear({ type: 'approve', by: approver });
    expect(told.types).toEqual(['applyAction']);
    told.settle('apply', 'applied').finishPaperwork();
    expect(told.state).toMatchObject({ status: 'permanent', approvedBy: 'per_approver', endsAt: null });
    expect(told.answer({ type: 'approve', by: approver })).toBe('enforcement.not_awaiting_approval');
  });

  it('ends refused, by the second person', () => {
    const told = permanent();
    expect(told.answer({ type: 'refuse', by: decider, reasonCode: 'not_proven' })).toBe('enforcement.same_person');
    told.hear({ type: 'refuse', by: approver, reasonCode: 'not_proven' });
    expect(told.effects).toEqual([expect.objectContaining({ type: 'tellCase', outcome: 'refused' })]);
    expect(told.isFinal).toBe(true);
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
    const told = inForce();
    expect(told.answer({ type: 'makePermanent', by: decider })).toBe('enforcement.same_person');
    expect(told.answer({ type: 'makePermanent', by: robot })).toBe('decision.person_required');
    expect(told.answer({ type: 'makePermanent', by: approver }, t0 + 7 * dayMs)).toBe('enforcement.not_in_force');
    told.hear({ type: 'makePermanent', by: approver }).finishPaperwork();
    expect(told.state).toMatchObject({ status: 'permanent', madePermanentBy: 'per_approver' });
    expect(told.of('writeStatementOfReasons').map(({ kind }) => kind)).toEqual(['restricted', 'made_permanent']);
    expect(told.of('sendNotice').map(({ kind }) => kind)).toEqual(['restricted', 'made_permanent']);
    expect(told.due).toBeNull();
    expect(inForce({ action: 'warn_account', durationMs: null }).answer({ type: 'makePermanent', by: approver })).toBe(
      'enforcement.not_permanent_kind',
    );
  });
});
