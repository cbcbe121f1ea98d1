/**
 * One thing that an order owes the world: the application, the lift, the strike, a notice …
 *
 * - `idle`: not owed yet.
 * - `pending`: its effect is being carried out.
 * - `waiting`: it failed and is tried again by timer at `retryAt`.
 * - `stopped`: a kill switch held it back; it looks again at `retryAt`.
 * - `parked`: it failed for good or its budget is used up; it is escalated, and waits for a person.
 * - `done`, `by_hand` (a person did it outside Vigil), `dropped` (no longer owed).
 */
export interface Duty {
  readonly status: 'idle' | 'pending' | 'waiting' | 'stopped' | 'parked' | 'done' | 'by_hand' | 'dropped';
  /** How often its effect was issued; each round has its own effect key, all rounds one idempotency key. */
  readonly round: number;
  /** Automatic retries since the last command of a person. */
  readonly retries: number;
  readonly retryAt: number | null;
  /** True while an escalation about it is open. */
  readonly escalated: boolean;
}

export const idleDuty: Duty = { status: 'idle', round: 0, retries: 0, retryAt: null, escalated: false };

export const started = (duty: Duty): Duty => ({ ...duty, status: 'pending', round: duty.round + 1, retryAt: null });

/** Started again because a person said so: the budget of automatic retries is fresh. */
export const restarted = (duty: Duty): Duty => started({ ...duty, retries: 0 });

export const ended = (duty: Duty, status: 'done' | 'by_hand' | 'dropped'): Duty => ({
  ...duty,
  status,
  retryAt: null,
  escalated: false,
});

export const stopped = (duty: Duty, retryAt: number): Duty => ({ ...duty, status: 'stopped', retryAt });

/** After a failure: waits for the next delay of the budget, or is parked when there is none or trying again is useless. */
export function failed(duty: Duty, delaysMs: readonly number[], now: number, permanent: boolean): Duty {
  const delay = permanent ? undefined : delaysMs[duty.retries];
  if (delay === undefined) return { ...duty, status: 'parked', retryAt: null, escalated: true };
  return { ...duty, status: 'waiting', retries: duty.retries + 1, retryAt: now + delay };
}

export const isOpen = (duty: Duty): boolean =>
  duty.status === 'pending' || duty.status === 'waiting' || duty.status === 'stopped' || duty.status === 'parked';
