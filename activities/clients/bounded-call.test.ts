import { describe, expect, it } from 'vitest';
import { createRetryBudgets } from './bounded-call.ts';
import { OutgoingError } from './outgoing-error.ts';
import type { OutgoingFailure, TransientReason } from './outgoing-error.ts';

const transient = (reason: TransientReason): OutgoingFailure => ({
  kind: 'transient',
  reason,
  status: null,
  retryAfterMs: null,
  mayHaveArrived: true,
});
const failing = (failure: OutgoingFailure) => () => Promise.reject(new OutgoingError('p', failure));

const underTest = () => createRetryBudgets({ now: () => 0, failuresToOpen: 2, capacity: 1 });

describe('a bounded call', () => {
  it('returns what the call returns and counts a success', async () => {
    const budgets = underTest();
    await expect(budgets.call('p', 1, async () => 7)).resolves.toBe(7);
    expect(budgets.snapshots().get('p')).toEqual({ circuit: 'closed', tokens: 1, failuresInRow: 0 });
  });

  it('is not made once the circuit is open, and says so as a failure that may be retried', async () => {
    const budgets = underTest();
    for (const attempt of [1, 1])
      await expect(budgets.call('p', attempt, failing(transient('timeout')))).rejects.toThrow();
    let calls = 0;
    await expect(budgets.call('p', 1, async () => calls++)).rejects.toMatchObject({
      code: 'outgoing.unavailable',
      failure: { kind: 'transient', reason: 'circuit_open', mayHaveArrived: false, retryAfterMs: 5_000 },
    });
    expect(calls).toBe(0);
    await expect(budgets.call('other', 1, async () => 1)).resolves.toBe(1);
  });

  it('pays for attempts after the first', async () => {
    const budgets = underTest();
    await budgets.call('p', 2, async () => {});
    await expect(budgets.call('p', 3, async () => {})).rejects.toMatchObject({
      failure: { reason: 'retry_budget_spent' },
    });
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ['a refusal of the request', failing({ kind: 'permanent', reason: 'rejected', status: 404 }), 0],
    ['a first copy still running', failing(transient('in_progress')), 0],
    ['garbage', failing({ kind: 'garbage', reason: 'not_json', status: 200 }), 1],
    ['being asked to slow down', failing(transient('rate_limited')), 1],
    ['a cancelled call', () => Promise.reject(new Error('cancelled')), 0],
  ])('takes %s for what it says about the provider', async (_, call, failuresInRow) => {
    const budgets = underTest();
    await expect(budgets.call('p', 1, call)).rejects.toThrow();
    expect(budgets.snapshots().get('p')).toMatchObject({ failuresInRow });
  });

  it('forgets the provider that was longest not called', async () => {
    const budgets = underTest();
    await budgets.call('first', 1, async () => {});
    await budgets.call('second', 1, async () => {});
    await budgets.call('first', 1, async () => {});
    for (let i = 0; i < 999; i++) await budgets.call(`host-${i}`, 1, async () => {});
    expect(budgets.snapshots().has('first')).toBe(true);
    expect(budgets.snapshots().has('second')).toBe(false);
    expect(budgets.snapshots().size).toBe(1_000);
  });
});
