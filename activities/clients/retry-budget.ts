import { minuteMs, secondMs } from '#domain/time.ts';

export type CircuitState = 'closed' | 'open' | 'half_open';

/** Permission for one call. `settle` is told once how it went; later tellings are ignored. */
export interface Permit {
  readonly admitted: true;
  settle(outcome: 'succeeded' | 'failed'): void;
}

export interface Denial {
  readonly admitted: false;
  readonly reason: 'circuit_open' | 'retry_budget_spent';
  /** When asking again makes sense. */
  readonly retryAfterMs: number;
}

/**
 * Keeps Vigil from beating a service that is down, per provider and process.
 *
 * A token bucket bounds retries: a success earns 0.1 token and a retry costs 1, so that in a lasting outage about one
 * call in ten is a retry (Brooker, "Fixing retries with token buckets and circuit breakers"). First attempts are free.
 * A slow trickle of tokens keeps a durable retry from waiting for ever where nothing else calls (Finagle's
 * `minRetriesPerSec`).
 *
 * A circuit opens after `failuresToOpen` failures in a row and refuses every call; after a pause, doubled at each
 * failed trial, it lets one trial through at a time, which costs nothing.
 */
export interface RetryBudget {
  admit(attempt: 'first' | 'retry'): Permit | Denial;
  snapshot(): BudgetSnapshot;
  /** How long an open circuit still refuses, milliseconds; null when it lets calls through. */
  pausedForMs(): number | null;
}

/** For metrics. `open` turns to `half_open` with the first trial, not by time alone. */
export interface BudgetSnapshot {
  readonly circuit: CircuitState;
  readonly tokens: number;
  readonly failuresInRow: number;
}

export interface RetryBudgetOptions {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Retries that an idle budget affords at once. Default 10. */
  readonly capacity?: number;
  /** One token comes by itself in this time. Default 1 minute. */
  readonly trickleMs?: number;
  /** Default 5. */
  readonly failuresToOpen?: number;
  /** The first pause of an open circuit. Default 5 seconds. */
  readonly shortestPauseMs?: number;
  /** Default 1 minute. */
  readonly longestPauseMs?: number;
}

export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { now } = options;
  const bucket = createBucket(now, options.capacity ?? 10, options.trickleMs ?? minuteMs);
  const circuit = createCircuit(options);
  return {
    admit(attempt) {
      const passage = circuit.passage();
      if (passage === 'closed_off') {
        return { admitted: false, reason: 'circuit_open', retryAfterMs: circuit.nextTrialInMs() };
      }
      if (passage === 'normal' && attempt === 'retry' && !bucket.pay()) {
        return { admitted: false, reason: 'retry_budget_spent', retryAfterMs: bucket.nextTokenInMs() };
      }
      const settleCircuit = circuit.enter();
      let isSettled = false;
      return {
        admitted: true,
        settle(outcome) {
          if (isSettled) return;
          isSettled = true;
          if (outcome === 'succeeded') bucket.earn();
          settleCircuit(outcome);
        },
      };
    },
    snapshot: () => ({ ...circuit.snapshot(), tokens: bucket.tokens() }),
    pausedForMs: () => (circuit.passage() === 'closed_off' ? circuit.nextTrialInMs() : null),
  };
}

/** Counted in tenths, so that ten successes pay for exactly one retry. */
const retryCosts = 10;
const successEarns = 1;

function createBucket(now: () => number, capacity: number, trickleMs: number) {
  const most = capacity * retryCosts;
  const tenthMs = trickleMs / retryCosts;
  let tenths = most;
  let trickledAt = now();

  const trickle = () => {
    const fallen = Math.floor((now() - trickledAt) / tenthMs);
    trickledAt = tenths + fallen >= most ? now() : trickledAt + fallen * tenthMs;
    tenths = Math.min(tenths + fallen, most);
  };

  return {
    pay() {
      trickle();
      if (tenths < retryCosts) return false;
      tenths -= retryCosts;
      return true;
    },
    earn() {
      trickle();
      tenths = Math.min(tenths + successEarns, most);
    },
    nextTokenInMs: () => Math.max(0, Math.ceil(trickledAt + (retryCosts - tenths) * tenthMs - now())),
    tokens() {
      trickle();
      return tenths / retryCosts;
    },
  };
}

function createCircuit(options: RetryBudgetOptions) {
  const { now, failuresToOpen = 5, shortestPauseMs = 5 * secondMs, longestPauseMs = minuteMs } = options;
  let state: CircuitState = 'closed';
  let failuresInRow = 0;
  let pauseMs = shortestPauseMs;
  /** A trial that never reports back must not block the next one for ever. */
  let nextTrialAt = 0;
  /** Counts openings and trials: the outcome of a call from before says nothing about now. */
  let epoch = 0;

  const open = (nextPauseMs: number) => {
    state = 'open';
    pauseMs = Math.min(nextPauseMs, longestPauseMs);
    nextTrialAt = now() + pauseMs;
    epoch++;
  };

  return {
    passage(): 'normal' | 'trial' | 'closed_off' {
      if (state === 'closed') return 'normal';
      return now() < nextTrialAt ? 'closed_off' : 'trial';
    },
    nextTrialInMs: () => nextTrialAt - now(),
    enter() {
      if (state !== 'closed') {
        state = 'half_open';
        nextTrialAt = now() + pauseMs;
        epoch++;
      }
      const enteredIn = epoch;
      return (outcome: 'succeeded' | 'failed') => {
        if (enteredIn !== epoch) return;
        if (outcome === 'succeeded') {
          state = 'closed';
          failuresInRow = 0;
          pauseMs = shortestPauseMs;
          return;
        }
        failuresInRow++;
        if (state === 'half_open') open(pauseMs * 2);
        else if (failuresInRow >= failuresToOpen) open(shortestPauseMs);
      };
    },
    snapshot: () => ({ circuit: state, failuresInRow }),
  };
}
