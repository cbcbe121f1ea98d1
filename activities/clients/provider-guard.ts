import { secondMs } from '#domain/time.ts';
import type { PagerChannel, SendOutcome } from './pager-channels.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { BudgetSnapshot, RetryBudget, RetryBudgetOptions } from './retry-budget.ts';

/** What a provider looks like from this process, whenever that changes. */
export interface ProviderState extends BudgetSnapshot {
  readonly provider: string;
  /** Calls that were refused here since the start, and never left. */
  readonly refused: number;
  /** How long an open circuit stays shut, milliseconds. */
  readonly retryAfterMs: number | null;
}

export interface ProviderGuardOptions extends RetryBudgetOptions {
  /** Calls to one provider at a time. Default 64: a quarter of what a worker sends at once, so that a slow one leaves room. */
  readonly mostInFlight?: number;
  /** How long a call waits for its place before it is refused. Default 1 second. */
  readonly longestWaitMs?: number;
  /** Told of every change of a circuit. Must not throw. */
  readonly onChange?: (state: ProviderState) => void;
}

/** The retry budgets, circuits and places of one process, one set per provider. */
export interface ProviderGuard {
  /**
   * Makes one call, unless the provider's circuit is open, its retry budget is spent or its places are taken: then the
   * call did not leave, and the answer says why and when to ask again.
   */
  send(provider: string, attempt: number, call: () => Promise<SendOutcome>): Promise<SendOutcome>;
  states(): readonly ProviderState[];
}

/** Beyond it, the provider that was longest not called is forgotten: hosts of contact methods are many. */
const mostProviders = 1_000;

interface Entry {
  readonly budget: RetryBudget;
  readonly waiting: Set<() => void>;
  inFlight: number;
  refused: number;
}

export function createProviderGuard(options: ProviderGuardOptions): ProviderGuard {
  const { mostInFlight = 64, longestWaitMs = secondMs, onChange = () => undefined } = options;
  const entries = new Map<string, Entry>();

  const entryOf = (provider: string): Entry => {
    const entry = entries.get(provider) ?? {
      budget: createRetryBudget(options),
      waiting: new Set(),
      inFlight: 0,
      refused: 0,
    };
    entries.delete(provider);
    entries.set(provider, entry);
    if (entries.size > mostProviders) forgetIdle(entries);
    return entry;
  };
  const stateOf = (provider: string, { budget, refused }: Entry): ProviderState => {
    const snapshot = budget.snapshot();
    return { provider, refused, ...snapshot, retryAfterMs: budget.pausedForMs() };
  };

  return {
    async send(provider, attempt, call) {
      const entry = entryOf(provider);
      if (!(await takePlace(entry, mostInFlight, longestWaitMs))) return refuse(entry, 'busy', longestWaitMs);
      const before = entry.budget.snapshot().circuit;
      try {
        const permit = entry.budget.admit(attempt > 1 ? 'retry' : 'first');
        if (!permit.admitted) return refuse(entry, permit.reason, permit.retryAfterMs);
        const outcome = await call();
        permit.settle(isAlive(outcome) ? 'succeeded' : 'failed');
        return outcome;
      } finally {
        leavePlace(entry);
        if (entry.budget.snapshot().circuit !== before) onChange(stateOf(provider, entry));
      }
    },
    states: () => [...entries].map(([provider, entry]) => stateOf(provider, entry)),
  };
}

/** The same channel, behind the guard. */
export function guarded(channel: PagerChannel, guard: ProviderGuard): PagerChannel {
  return {
    ...channel,
    send: (message, signal) =>
      guard.send(providerOf(channel, message.address), message.attempt ?? 1, () => channel.send(message, signal)),
  };
}

const providerOf = (channel: PagerChannel, address: string): string => channel.provider?.(address) ?? channel.name;

/** A provider that says no to one message is up. */
const isAlive = ({ outcome }: SendOutcome): boolean => outcome !== 'failed_transient' && outcome !== 'unknown';

function refuse(entry: Entry, refused: 'busy' | 'circuit_open' | 'retry_budget_spent', retryAfterMs: number) {
  entry.refused++;
  return { outcome: 'failed_transient' as const, retryAfterMs, refused };
}

async function takePlace(entry: Entry, most: number, longestWaitMs: number): Promise<boolean> {
  if (entry.inFlight < most) {
    entry.inFlight++;
    return true;
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      entry.waiting.delete(come);
      resolve(false);
    }, longestWaitMs);
    const come = () => {
      clearTimeout(timer);
      resolve(true);
    };
    entry.waiting.add(come);
  });
}

/** A place that becomes free goes to whoever has waited longest. */
function leavePlace(entry: Entry): void {
  const [next] = entry.waiting;
  if (next === undefined) {
    entry.inFlight--;
    return;
  }
  entry.waiting.delete(next);
  next();
}

function forgetIdle(entries: Map<string, Entry>): void {
  for (const [provider, { inFlight }] of entries) {
    if (inFlight > 0) continue;
    entries.delete(provider);
    return;
  }
}
