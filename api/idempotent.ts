import type { FastifyReply, FastifyRequest } from 'fastify';
import canonicalize from 'canonicalize';
import { errorTable, VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { audit } from '#db/repositories/audit-events.ts';
import type { Aggregate } from '#db/repositories/audit-events.ts';
import { findAnswer, storeAnswer, takeKey } from '#db/repositories/idempotency.ts';
import type { StoredAnswer } from '#db/repositories/idempotency.ts';
import { idempotencyKeyOf } from './commands.ts';
import type { ApiDeps } from './deps.ts';
import { actorOf, principalOf } from './plugins/authentication.ts';
import { sendProblem } from './plugins/errors.ts';
import { isVigilError, toProblem } from './problem.ts';
import type { Problem } from './problem.ts';

export interface Answer {
  readonly status: 200 | 201 | 204;
  /** Null with 204. */
  readonly body: object | null;
  readonly headers?: { readonly [name: string]: string };
}

export interface OnceOptions {
  /** The answer holds a secret: only the fact is kept, and a replay is told so with `idempotency.secret_not_kept`. */
  readonly isSecret?: boolean;
  /** Where refusals are recorded. They are kept as answers too; without it a refused request runs again. */
  readonly refusal?: { readonly aggregate: Aggregate; readonly action: string };
}

/**
 * The one path of every POST that writes Postgres itself: work, audit event and stored answer are one transaction.
 *
 * The same key with the same request gets the stored answer; with another request 422; while the first one runs 409. A
 * failure leaves nothing, so that the same key may try again.
 */
export async function once(
  deps: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (tx: Transaction) => Promise<Answer>,
  options: OnceOptions = {},
) {
  const key = idempotencyKeyOf(request);
  const requestSha256 = fingerprint(request);
  const principalId = principalOf(request).id;
  try {
    const { answer, isNew } = await deps.db.transaction(async (tx) => {
      const known = await knownAnswer(tx, principalId, key, requestSha256);
      if (known) return { answer: known, isNew: false };
      const { status, body, headers = {} } = await work(tx);
      const kept = options.isSecret ? null : (body as Json);
      await storeAnswer(tx, principalId, key, { requestSha256, status, body: kept, headers });
      return { answer: { status, body, headers }, isNew: true };
    });
    if (isNew) return send(reply, answer);
    if (options.isSecret) throw new VigilError('idempotency.secret_not_kept');
    return send(reply.header('idempotency-replayed', 'true'), answer);
  } catch (error) {
    if (!isVigilError(error) || !options.refusal || !isRefusal(error)) throw error;
    const problem = toProblem(error.code, request.id, { detail: error.detail });
    await recordRefusal(deps, request, { key, requestSha256, problem }, options.refusal);
    return sendProblem(reply, problem);
  }
}

async function knownAnswer(
  tx: Transaction,
  principalId: string,
  key: string,
  requestSha256: string,
): Promise<StoredAnswer | null> {
  if (!(await takeKey(tx, principalId, key))) throw new VigilError('idempotency.in_progress');
  const known = await findAnswer(tx, principalId, key);
  if (known && known.requestSha256 !== requestSha256) throw new VigilError('idempotency.key_reused');
  return known;
}

function send(
  reply: FastifyReply,
  { status, body, headers }: Omit<StoredAnswer, 'requestSha256' | 'body'> & { readonly body: unknown },
) {
  if (status >= 400) return sendProblem(reply, body as Problem);
  void reply.code(status).headers({ ...headers });
  return status === 204 ? reply.send() : reply.send(body);
}

/** What the rules said no to. Questions of the key itself, and what may go better the next time, are no refusals. */
const isRefusal = (error: VigilError): boolean =>
  !error.code.startsWith('idempotency.') && errorTable[error.code].status < 500 && !errorTable[error.code].retryable;

/** The work was rolled back with its transaction, so the refusal needs one of its own. */
async function recordRefusal(
  deps: ApiDeps,
  request: FastifyRequest,
  refused: { key: string; requestSha256: string; problem: Problem },
  { aggregate, action }: NonNullable<OnceOptions['refusal']>,
): Promise<void> {
  const { key, requestSha256, problem } = refused;
  await deps.db.transaction(async (tx) => {
    if (await knownAnswer(tx, principalOf(request).id, key, requestSha256)) return;
    await storeAnswer(tx, principalOf(request).id, key, {
      requestSha256,
      status: problem.status,
      body: problem as unknown as Json,
      headers: {},
    });
    await audit(tx, aggregate, {
      actor: actorOf(request),
      action: `${action}.refused`,
      reason: problem.code,
      requestId: request.id,
      data: { detail: (problem.context ?? {}) as Json },
    });
  });
}

/** What makes two requests the same: the route, its parameters and the body. */
const fingerprint = (request: FastifyRequest): string =>
  sha256Hex(
    canonicalize([
      request.method,
      request.routeOptions.url ?? '',
      request.params as Json,
      (request.body ?? null) as Json,
    ]) ?? '',
  );
