import type { Json } from './json.ts';
import { row } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';
import { caseErrors } from './review/errors.ts';
import { detectionErrors } from './detection/errors.ts';
import { enforcementErrors } from './enforcement/errors.ts';
import { escalationErrors } from './escalation/errors.ts';
import { heartbeatErrors } from './heartbeat/errors.ts';
import { intakeErrors } from './intake/errors.ts';
import { launchErrors } from './launch/errors.ts';
import { oncallErrors } from './oncall/errors.ts';

const commonErrors = {
  'request.invalid': row('The request does not fit its schema. Correct the named fields.', 422),
  'request.unreadable': row('The body is not JSON that Vigil accepts: check its encoding, depth and characters.', 400),
  'request.too_large': row('The body is larger than this route accepts. Send less at once.', 413),
  'request.unsupported_media_type': row('Send application/json.', 415),
  'request.unknown_route': row('There is no such route. See /openapi.json.', 404),
  'request.method_not_allowed': row('This route does not answer that method. See the Allow header.', 405),
  'request.rate_limited': row('Too many requests. Wait as long as Retry-After says.', 429, { retryable: true }),
  'auth.missing': row('Send a token: Authorization: Bearer <token>.', 401),
  'auth.invalid': row('The token is unknown, expired or revoked. Ask an administrator for a new one.', 401),
  'auth.forbidden': row('Your roles do not allow this. Ask an administrator which role does.', 403),
  'provider.signature_invalid': row(
    'The provider did not sign this request, or did so more than five minutes ago. Check its secret and the clocks.',
    401,
  ),
  'provider.not_configured': row('This provider is not set up here. Set its variables and start the API again.', 404),
  'resource.not_found': row('There is no such object that you may see.', 404),
  'resource.exists': row('An object with this natural key exists already.', 409),
  'precondition.required': row('Send If-Match with the ETag that you read.', 428),
  'precondition.failed': row('The object changed since you read it. Read it again and repeat.', 412),
  'idempotency.key_missing': row('Send an Idempotency-Key header, so that a retry cannot do this twice.', 400),
  'idempotency.key_reused': row('This Idempotency-Key was used for another request. Use a new key.', 422),
  'idempotency.secret_not_kept': row(
    'This was done, and its secret was shown once. Revoke it and create another under a new key.',
    409,
  ),
  'idempotency.in_progress': row('The first request with this Idempotency-Key is still running. Ask again soon.', 409, {
    retryable: true,
  }),
  'decision.person_required': row('Only a person can decide this. Use a token of a person.', 403),
  'aggregate.version_conflict': row('The state moved on since you saw it. Look at it again and repeat.', 409),
  'aggregate.running': row('Its workflow runs, so there is nothing to restart.', 409),
  'aggregate.ended': row('It has ended, so nothing can be asked of it any more.', 409),
  'aggregate.not_found': row('Nothing of it is known to Temporal: it never began, or it ended long ago.', 404),
  'service.unavailable': row('A service that Vigil needs is away. Try again soon.', 503, { retryable: true }),
  'outgoing.unavailable': row('Another service did not answer, or asked to be called later. Vigil tries again.', 503, {
    retryable: true,
  }),
  'outgoing.refused': row(
    'Another service refused the call. The same call again cannot help: look at its status.',
    502,
  ),
  'outgoing.garbage': row('Another service answered something that Vigil cannot read.', 502, { retryable: true }),
  'outgoing.target_forbidden': row(
    'Vigil does not call this address: it is not https, not public, or not well formed.',
    422,
  ),
  'internal.unexpected': row('Vigil failed. The request id finds the cause in the log.', 500, {
    retryable: true,
    public: false,
  }),
} as const satisfies Record<string, ErrorRow>;

/** The one error table. Every refusal, failure and problem of the product has its row here, and nowhere else. */
export const errorTable = {
  ...commonErrors,
  ...launchErrors,
  ...detectionErrors,
  ...caseErrors,
  ...enforcementErrors,
  ...escalationErrors,
  ...heartbeatErrors,
  ...intakeErrors,
  ...oncallErrors,
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorTable, text);

/** An expected failure of domain code or an adapter, known to the table by its code. */
export class VigilError extends Error {
  readonly code: ErrorCode;
  readonly detail: { readonly [key: string]: Json };

  constructor(code: ErrorCode, detail: { readonly [key: string]: Json } = {}, options?: ErrorOptions) {
    super(errorTable[code].title, options);
    this.name = 'VigilError';
    this.code = code;
    this.detail = detail;
  }
}
