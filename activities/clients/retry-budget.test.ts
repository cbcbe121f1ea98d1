import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';
import type { Denial, Permit, RetryBudgetOptions } from './retry-budget.ts';

function underTest(options: Omit<RetryBudgetOptions, 'now'> = {}) {
  let at = 0;
  const budget = createRetryBudget({ now: () => at, ...options });
  const call = (attempt: 'first' | 'retry', outcome: 'succeeded' | 'failed'): Permit | Denial => {
    const answer = budget.admit(attempt);
    if (answer.admitted) answer.settle(outcome);
    return answer;
  };
  const pass = (ms: number) => {
    at += ms;
  };
  const times = (count: number, what: () => unknown) => {
    for (let i = 0; i < count; i++) what();
  };
  return { budget, call, pass, times };
}

describe('the token bucket', () => {
  it('affords its capacity of retries, then one for every ten successes', () => {
    const { call, times } = underTest({ capacity: 2 });
    times(2, () => expect(call('retry', 'failed')).toMatchObject({ admitted: true }));
    expect(call('retry', 'failed')).toEqual({ admitted: false, reason: 'retry_budget_spent', retryAfterMs: 60_000 });
    times(9, () => call('first', 'succeeded'));
    expect(call('retry', 'succeeded')).toMatchObject({ admitted: false });
    call('first', 'succeeded');
    expect(call('retry', 'succeeded')).toMatchObject({ admitted: true });
    expect(call('retry', 'succeeded')).toMatchObject({ admitted: false });
  });

  it('never charges a first attempt', () => {
    const { budget, call, times } = underTest({ failuresToOpen: 1_000 });
    times(100, () => expect(call('first', 'failed')).toMatchObject({ admitted: true }));
    expect(budget.snapshot().tokens).toBe(10);
  });

  it('fills by itself slowly, so that a lone retry gets through once it has waited as long as it was told', () => {
    const { call, pass } = underTest({ capacity: 1, trickleMs: 60_000, failuresToOpen: 1_000 });
    call('retry', 'failed');
    pass(20_500);
    const denied = call('retry', 'failed');
    expect(denied).toMatchObject({ admitted: false, retryAfterMs: 39_500 });
    pass(39_499);
    expect(call('retry', 'failed')).toMatchObject({ admitted: false });
    pass(1);
    expect(call('retry', 'failed')).toMatchObject({ admitted: true });
  });
});

describe('the circuit', () => {
  const opened = () => {
    const all = underTest({ failuresToOpen: 3, shortestPauseMs: 1_000, longestPauseMs: 3_000 });
    all.times(3, () => all.call('first', 'failed'));
    return all;
  };

  it('opens after failures in a row, not after failures between successes', () => {
    const { budget, call, times } = underTest({ failuresToOpen: 3 });
    times(10, () => {
      call('first', 'failed');
      call('first', 'failed');
      call('first', 'succeeded');
    });
    expect(budget.snapshot()).toMatchObject({ circuit: 'closed', failuresInRow: 0 });
    times(3, () => call('first', 'failed'));
    expect(budget.snapshot()).toMatchObject({ circuit: 'open', failuresInRow: 3 });
  });

  it('refuses everything during its pause, and says how long', () => {
    const { call, pass } = opened();
    pass(400);
    expect(call('first', 'succeeded')).toEqual({ admitted: false, reason: 'circuit_open', retryAfterMs: 600 });
  });

  it('lets one trial through at a time, also a retry without tokens', () => {
    const { budget, pass } = opened();
    pass(1_000);
    const trial = budget.admit('retry');
    expect(trial).toMatchObject({ admitted: true });
    expect(budget.snapshot()).toMatchObject({ circuit: 'half_open', tokens: 10 });
    expect(budget.admit('first')).toMatchObject({ admitted: false, reason: 'circuit_open' });
    if (trial.admitted) trial.settle('succeeded');
    expect(budget.snapshot().circuit).toBe('closed');
  });

  it('doubles its pause after each failed trial, up to the longest, and starts over once it was closed', () => {
    const { call, pass, times } = opened();
    const pauses: unknown[] = [];
    for (const pause of [1_000, 2_000, 3_000]) {
      pass(pause);
      call('first', 'failed');
      pauses.push(call('first', 'failed'));
    }
    expect(pauses).toMatchObject([{ retryAfterMs: 2_000 }, { retryAfterMs: 3_000 }, { retryAfterMs: 3_000 }]);
    pass(3_000);
    call('first', 'succeeded');
    times(3, () => call('first', 'failed'));
    expect(call('first', 'failed')).toMatchObject({ retryAfterMs: 1_000 });
  });

  it('tries again when a trial never reported back', () => {
    const { budget, pass } = opened();
    pass(1_000);
    budget.admit('first');
    pass(1_000);
    expect(budget.admit('first')).toMatchObject({ admitted: true });
  });

  it('does not believe calls from before it opened', () => {
    const { budget, call, times, pass } = underTest({ failuresToOpen: 3, shortestPauseMs: 1_000 });
    const early = budget.admit('first');
    const slow = budget.admit('first');
    times(3, () => call('first', 'failed'));
    if (early.admitted) early.settle('succeeded');
    expect(budget.snapshot().circuit).toBe('open');
    pass(1_000);
    budget.admit('first');
    if (slow.admitted) slow.settle('failed');
    expect(budget.snapshot().circuit).toBe('half_open');
  });
});

describe('any run', () => {
  const step = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })),
    attempt: fc.constantFrom('first' as const, 'retry' as const),
    outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'lost' as const),
  });

  it('admits no more retries than were paid for, one trial per pause, and is never stuck', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const capacity = 3;
        const { budget, pass } = underTest({
          capacity,
          failuresToOpen: 2,
          shortestPauseMs: 1_000,
          longestPauseMs: 8_000,
        });
        let at = 0;
        let paidRetries = 0;
        let successes = 0;
        let lastTrialAt = -Infinity;
        for (const { waitMs, attempt, outcome } of steps) {
          at += waitMs;
          pass(waitMs);
          const before = budget.snapshot();
          const answer = budget.admit(attempt);
          if (answer.admitted) {
            if (before.circuit === 'closed') paidRetries += attempt === 'retry' ? 1 : 0;
            else {
              expect(at - lastTrialAt).toBeGreaterThanOrEqual(1_000);
              lastTrialAt = at;
            }
            if (outcome === 'succeeded') successes++;
            if (outcome !== 'lost') answer.settle(outcome);
          } else {
            expect(answer.retryAfterMs).toBeGreaterThan(0);
            expect(answer.retryAfterMs).toBeLessThanOrEqual(60_000);
          }
          const { tokens } = budget.snapshot();
          expect(tokens).toBeGreaterThanOrEqual(0);
          expect(tokens).toBeLessThanOrEqual(capacity);
          expect(paidRetries).toBeLessThanOrEqual(capacity + successes / 10 + at / 60_000 + 1e-9);
        }
        const denied = budget.admit('retry');
        if (denied.admitted) return;
        pass(denied.retryAfterMs);
        expect(budget.admit('retry').admitted).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
