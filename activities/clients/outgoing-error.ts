import { VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';

/**
 * How a call to another service failed, in the three kinds that callers treat differently.
 *
 * - `transient`: it may work later. `mayHaveArrived` says whether the other side could have carried the call out; only
 *   an idempotency key makes a second call safe then. `retryAfterMs` is what the other side asked for.
 * - `permanent`: the same call will fail again.
 * - `garbage`: it answered success with a body that does not fit. It did arrive; what it did is unknown.
 */
export type OutgoingFailure =
  | {
      readonly kind: 'transient';
      readonly reason: TransientReason;
      readonly status: number | null;
      readonly retryAfterMs: number | null;
      readonly mayHaveArrived: boolean;
    }
  | { readonly kind: 'permanent'; readonly reason: PermanentReason; readonly status: number | null }
  | { readonly kind: 'garbage'; readonly reason: GarbageReason; readonly status: number };

export type TransientReason =
  | 'connect_failed'
  | 'connection_lost'
  | 'timeout'
  | 'server_error'
  | 'rate_limited'
  | 'in_progress'
  | 'circuit_open'
  | 'retry_budget_spent';
export type PermanentReason =
  | 'rejected'
  | 'gone'
  | 'redirected'
  | 'malformed_url'
  | 'not_https'
  | 'credentials_in_url'
  | 'address_not_public';
export type GarbageReason = 'too_large' | 'not_utf8' | 'not_json' | 'unexpected_shape';

/**
 * A failed call, known to the error table. Its detail holds names and numbers only: never a URL, which may hold a
 * token, and never a body.
 */
export class OutgoingError extends VigilError {
  readonly provider: string;
  readonly failure: OutgoingFailure;

  constructor(provider: string, failure: OutgoingFailure, options?: ErrorOptions) {
    const { reason, status } = failure;
    const retryAfterMs = failure.kind === 'transient' ? failure.retryAfterMs : null;
    super(codeOf(failure), { provider, reason, status, retryAfterMs }, options);
    this.name = 'OutgoingError';
    this.provider = provider;
    this.failure = failure;
  }
}

function codeOf({ kind, reason }: OutgoingFailure): ErrorCode {
  if (kind === 'transient') return 'outgoing.unavailable';
  if (kind === 'garbage') return 'outgoing.garbage';
  return reason === 'rejected' || reason === 'gone' || reason === 'redirected'
    ? 'outgoing.refused'
    : 'outgoing.target_forbidden';
}
