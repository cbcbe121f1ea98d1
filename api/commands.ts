import type { FastifyReply, FastifyRequest } from 'fastify';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import type { Transaction } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import {
  findCommand,
  hasEarlierPending,
  insertCommand,
  releaseCommand,
  settleCommand,
} from '#db/repositories/commands.ts';
import type { CommandMode, CommandRow, Outcome } from '#db/repositories/commands.ts';
import { toActor } from '#db/repositories/principals.ts';
import type { Principal } from '#db/repositories/principals.ts';
import { deliver } from '#gateway/deliver.ts';
import type { ApiDeps } from './deps.ts';
import { principalOf } from './plugins/authentication.ts';
import { sendProblem } from './plugins/errors.ts';
import { problems, toProblem } from './problem.ts';

/** The header that makes a POST safe to repeat. Bare or as a quoted structured-field string. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .describe('Required. Any text of 1 to 200 characters; kept for at least 24 hours.'),
});

export const commandAnswerSchema = z
  .object({
    commandId: z.string(),
    status: z.enum(['done', 'pending']),
    aggregate: z.object({ kind: z.string(), id: z.string() }),
    version: z.number().int().nullable().describe('The version of the state that the command led to.'),
    result: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'CommandAnswer' });

/** The responses of every route that sends a command. 202: accepted, not done yet; `Location` tells when it is. */
export const commandResponses = {
  201: commandAnswerSchema,
  202: commandAnswerSchema,
  ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
};

export interface CommandRequest {
  readonly mode?: CommandMode;
  readonly name: string;
  readonly kind: AggregateKind;
  readonly aggregateId: string;
  /** The team that the aggregate belongs to: only roles held for it go with the command. */
  readonly teamId: string;
  readonly input: { readonly [key: string]: Json };
  /** 1 to 4, as severities; commands of people go with 2 unless said otherwise. */
  readonly priority?: number;
  /** Rows that must exist with the command, written in its transaction and only when the command is new. */
  readonly also?: (tx: Transaction, commandId: string) => Promise<void>;
}

/** Who asks, and what makes a repeat of the request the same request. */
export interface Asker {
  readonly principal: Pick<Principal, 'id' | 'kind' | 'grants'>;
  readonly idempotencyKey: string;
  readonly requestSha256: string;
}

export interface CarriedOut {
  readonly row: CommandRow;
  /** False when the same principal had asked under this key before: then the row is the older one, untouched. */
  readonly isNew: boolean;
  /** Null while it is not known: the relay delivers the command, or the first request with the key still does. */
  readonly outcome: Outcome | null;
}

/**
 * Writes a command, delivers it and stores its outcome: the one way to ask something of a workflow, whoever asks.
 *
 * The caller has checked that the asker may. When Temporal or its worker is away the outcome is null, and the relay
 * delivers the command later. What `also` throws undoes the command before anything was sent.
 */
export async function carryOut(
  deps: ApiDeps,
  request: FastifyRequest,
  asker: Asker,
  command: CommandRequest,
): Promise<CarriedOut> {
  const { principal, idempotencyKey, requestSha256 } = asker;
  const { row, isNew } = await deps.db.transaction(async (tx) => {
    const inserted = await insertCommand(tx, {
      principalId: principal.id,
      idempotencyKey,
      requestSha256,
      mode: command.mode ?? 'update',
      name: command.name,
      kind: command.kind,
      aggregateId: command.aggregateId,
      input: command.input,
      actor: toActor(principal, command.teamId),
      requestId: request.id,
      priority: command.priority ?? 2,
      reservedForMs: deps.config.commandDeadlineMs * 2,
    });
    if (inserted.isNew) await command.also?.(tx, inserted.row.id);
    return inserted;
  });
  if (!isNew) return { row, isNew, outcome: row.status === 'pending' ? null : (row.outcome as Outcome) };
  const outcome = await deliverNow(deps, row);
  request.server.metrics.commands.inc({
    kind: row.aggregateKind,
    name: row.name,
    outcome: outcome?.status ?? 'pending',
  });
  return { row, isNew, outcome };
}

/**
 * The one path of every request with a token to a workflow.
 *
 * Writes the command, delivers it, stores the outcome and answers: 201 when it was carried out and recorded, a problem
 * when it was refused (which is recorded too), 202 with a Location when Temporal or its worker is away, for then the
 * relay delivers it. The same key with the same request gets the stored answer again; with another request 422; while the
 * first one runs 409.
 */
export async function runCommand(deps: ApiDeps, request: FastifyRequest, reply: FastifyReply, command: CommandRequest) {
  const requestSha256 = fingerprint(request, command);
  const asker = { principal: principalOf(request), idempotencyKey: idempotencyKeyOf(request), requestSha256 };
  const { row, isNew, outcome } = await carryOut(deps, request, asker, command);
  return isNew ? answer(request, reply, row, outcome) : replay(request, reply, row, requestSha256);
}

/** Reads and checks the key. Fails with `idempotency.key_missing`. */
export function idempotencyKeyOf(request: FastifyRequest): string {
  const header = request.headers['idempotency-key'];
  const key = typeof header === 'string' ? header.trim().replace(/^"(.*)"$/, '$1') : '';
  if (key === '' || key.length > 200) throw new VigilError('idempotency.key_missing');
  return key;
}

async function deliverNow(deps: ApiDeps, row: CommandRow): Promise<Outcome | null> {
  // An earlier message to the same workflow goes first: its start may still be on the way.
  if (await hasEarlierPending(deps.db, row)) {
    await releaseCommand(deps.db, row);
    return awaitOutcome(deps, row);
  }
  const delivery = await deliver(deps.temporal, row, {
    deadlineMs: deps.config.commandDeadlineMs,
  });
  if (delivery.status === 'away') {
    deps.log.warn({ commandId: row.id, cause: delivery.cause }, 'command left to the relay');
    await releaseCommand(deps.db, row);
    return null;
  }
  if (delivery.status === 'failed')
    deps.log.error({ commandId: row.id, name: row.name, ...delivery.detail }, 'command failed');
  // Should the relay have been faster, its outcome is the command's.
  return deps.db.transaction((tx) => settleCommand(tx, row, delivery));
}

/** The outcome of a command that somebody else delivers, as soon as it is known; null when it is not within the deadline. */
export async function awaitOutcome(deps: ApiDeps, row: CommandRow): Promise<Outcome | null> {
  const until = Date.now() + deps.config.commandDeadlineMs;
  while (Date.now() < until) {
    const now = await findCommand(deps.db, row.id);
    if (now && now.status !== 'pending') return now.outcome as Outcome;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
}

function replay(request: FastifyRequest, reply: FastifyReply, row: CommandRow, requestSha256: string) {
  if (row.requestSha256 !== requestSha256) throw new VigilError('idempotency.key_reused');
  void reply.header('idempotency-replayed', 'true');
  if (row.status !== 'pending') return answer(request, reply, row, row.outcome as Outcome);
  if (row.nextAttemptAt.getTime() > Date.now() && row.attempts === 0)
    throw new VigilError('idempotency.in_progress', { commandId: row.id });
  return answer(request, reply, row, null);
}

function answer(request: FastifyRequest, reply: FastifyReply, row: CommandRow, outcome: Outcome | null) {
  const aggregate = { kind: row.aggregateKind, id: row.aggregateId };
  if (outcome === null) {
    return reply
      .code(202)
      .header('location', `/v1/commands/${row.id}`)
      .send({ commandId: row.id, status: 'pending', aggregate, version: null, result: {} });
  }
  if (outcome.status !== 'done') {
    return sendProblem(
      reply,
      toProblem(outcome.code as ErrorCode, request.id, { detail: { ...outcome.detail, commandId: row.id } }),
    );
  }
  const { version = null, ...result } = outcome.answer;
  return reply
    .code(201)
    .send({ commandId: row.id, status: 'done', aggregate, version: version as number | null, result });
}

/** What makes two requests the same: the route, whose object, and the body. */
function fingerprint(request: FastifyRequest, command: CommandRequest): string {
  const target = command.mode === 'start' ? '' : command.aggregateId;
  return sha256Hex(
    canonicalize([request.method, request.routeOptions.url ?? '', target, (request.body ?? null) as Json]) ?? '',
  );
}
