import { OutgoingError } from './outgoing-error.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { BudgetSnapshot, RetryBudget, RetryBudgetOptions } from './retry-budget.ts';

/** The retry budgets of one process, one per provider. */
export interface RetryBudgets {
  /**
   * Makes one call within the provider's budget. `attempt` counts from 1, as Temporal counts the attempts of an activity:
   * the retry loop is Temporal's, this only refuses to take part in a storm.
   *
   * Fails as the call does; a refusal is an `OutgoingError` that is transient, has not arrived, and says when to ask again.
   */
  call<T>(provider: string, attempt: number, call: () => Promise<T>): Promise<T>;
  /** By provider, for metrics. */
  snapshots(): ReadonlyMap<string, BudgetSnapshot>;
}

/** Beyond it, the provider that was longest not called is forgotten: hosts of contact methods are many. */
const mostProviders = 1_000;

export function createRetryBudgets(options: RetryBudgetOptions): RetryBudgets {
  const budgets = new Map<string, RetryBudget>();

  const budgetOf = (provider: string): RetryBudget => {
    const budget = budgets.get(provider) ?? createRetryBudget(options);
    budgets.delete(provider);
    budgets.set(provider, budget);
    const [oldest] = budgets.keys();
    if (budgets.size > mostProviders && oldest !== undefined) budgets.delete(oldest);
    return budget;
  };

  return {
    async call(provider, attempt, call) {
      const permit = budgetOf(provider).admit(attempt > 1 ? 'retry' : 'first');
      if (!permit.admitted) {
        const { reason, retryAfterMs } = permit;
        throw new OutgoingError(provider, {
          kind: 'transient',
          reason,
          status: null,
          retryAfterMs,
          mayHaveArrived: false,
        });
      }
      try {
        const result = await call();
        permit.settle('succeeded');
        return result;
      } catch (error) {
        // A cancelled call or a defect of ours says nothing about the provider.
        if (error instanceof OutgoingError) permit.settle(isAlive(error) ? 'succeeded' : 'failed');
        throw error;
      }
    },
    snapshots: () => new Map([...budgets].map(([provider, budget]) => [provider, budget.snapshot()])),
  };
}

/** A provider that refuses one request, or is still busy with its first copy, is up. */
const isAlive = ({ failure }: OutgoingError): boolean =>
  failure.kind === 'permanent' || (failure.kind === 'transient' && failure.reason === 'in_progress');
