import { secondMs } from '#domain/time.ts';
import type { PagerChannel } from './pager-channels.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { BudgetSnapshot, RetryBudget, RetryBudgetOptions } from './retry-budget.ts';
import type { StatusMirror } from './status-mirror.ts';

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

/** A call that did not leave. */
export interface RefusedCall {
  readonly outcome: 'failed_transient';
  readonly retryAfterMs: number;
  readonly refused: 'busy' | 'circuit_open' | 'retry_budget_spent';
}

/** The retry budgets, circuits and places of one process, one set per provider. */
export interface ProviderGuard {
  /**
   * Makes one call, unless the provider's circuit is open, its retry budget is spent or its places are taken: then the
   * call did not leave, and the answer says why and when to ask again.
   */
  send<T extends { readonly outcome: string }>(
    provider: string,
    attempt: number,
    call: () => Promise<T>,
  ): Promise<T | RefusedCall>;
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

/** The same mirror, behind the guard, apart from the pages of its provider: what fails to be shown must hold up none. */
export function guardedMirror(mirror: StatusMirror, guard: ProviderGuard): StatusMirror {
  return {
    ...mirror,
    async show(status, target) {
      const shown = await guard.send(`mirror ${mirror.kind}`, 1, () => mirror.show(status, target));
      if (!('refused' in shown)) return shown;
      return { outcome: 'failed_transient', code: shown.refused, retryAfterMs: shown.retryAfterMs };
    },
  };
}

const providerOf = (channel: PagerChannel, address: string): string => channel.provider?.(address) ?? channel.name;

/** A provider that says no to one message is up. */
const isAlive = ({ outcome }: { readonly outcome: string }): boolean =>
  outcome !== 'failed_transient' && outcome !== 'unknown';

function refuse(entry: Entry, refused: RefusedCall['refused'], retryAfterMs: number): RefusedCall {
  entry.refused++;
  return { outcome: 'failed_transient', retryAfterMs, refused };
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
