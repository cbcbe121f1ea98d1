import type { FastifyRequest } from 'fastify';
import { errorTable, VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { toIso } from '#domain/time.ts';
import { sha256Hex } from '#db/ids.ts';
import type { Outcome } from '#db/repositories/commands.ts';
import { findDelivery, findEscalation } from '#db/repositories/escalations.ts';
import { findPersonToAct } from '#db/repositories/principals.ts';
import { assertMayFor } from './auth.ts';
import { awaitOutcome, carryOut } from './commands.ts';
import type { ApiDeps } from './deps.ts';
import { responders } from './routes/escalations.ts';

/** What a person answered to a page, by a way that shows who the person is. */
export interface PageAnswer {
  readonly personId: string;
  /** The page that was answered: an answer to an old one is refused once the ladder has begun anew. */
  readonly deliveryId: string;
  readonly act: 'acknowledge' | 'escalate';
  readonly via: 'text_message' | 'call';
  /** Names the answer: however often it comes, it is one command. */
  readonly key: string;
}

/**
 * Does what the answer asks for, with the roles that the person holds now, by the one path of commands; and says in a
 * sentence or two what came of it. The sentences carry no content of the escalation.
 */
export async function answerPage(deps: ApiDeps, request: FastifyRequest, answer: PageAnswer): Promise<string> {
  try {
    return say(answer.act, await carryOutAnswer(deps, request, answer));
  } catch (error) {
    if (error instanceof VigilError && errorTable[error.code].status < 500) return refusal(error.code, error.detail);
    throw error;
  }
}

async function carryOutAnswer(deps: ApiDeps, request: FastifyRequest, answer: PageAnswer): Promise<Outcome | null> {
  const { personId, deliveryId, act, via, key } = answer;
  const delivery = await findDelivery(deps.db, deliveryId);
  const escalation = delivery === null ? null : await findEscalation(deps.db, delivery.escalationId);
  const person = await findPersonToAct(deps.db, personId);
  if (!delivery || !escalation || !person) throw new VigilError('resource.not_found');
  assertMayFor(person, responders, escalation.teamId);
  const { pass, rung, effectKey } = delivery;
  const { row, isNew, outcome } = await carryOut(
    deps,
    request,
    { principal: person, idempotencyKey: key, requestSha256: sha256Hex(key) },
    {
      name: act === 'acknowledge' ? 'acknowledge' : 'escalateNow',
      kind: 'escalation',
      aggregateId: escalation.id,
      teamId: escalation.teamId,
      priority: 1,
      input: { via, ...(act === 'acknowledge' ? { asOfDeliveryKey: effectKey } : { asOfPage: { pass, rung } }) },
    },
  );
  return isNew ? outcome : (outcome ?? (await awaitOutcome(deps, row)));
}

function say(act: PageAnswer['act'], outcome: Outcome | null): string {
  if (outcome === null) return 'Vigil has your answer and will carry it out. Look at the escalation to be sure.';
  if (outcome.status !== 'done') return refusal(outcome.code as ErrorCode, outcome.detail);
  const { acksMissing, rung, status } = outcome.answer;
  if (act === 'acknowledge') {
    return typeof acksMissing === 'number' && acksMissing > 0
      ? `Noted. ${acksMissing} more must acknowledge before paging stops.`
      : 'Acknowledged: nobody else is paged for it.';
  }
  return status === 'exhausted' || typeof rung !== 'number'
    ? 'Escalated: there is no further rung, so the catch-all is paged.'
    : `Escalated: rung ${rung + 1} is paged.`;
}

/** The workflow of an escalation ends with it. */
const overCodes: ReadonlySet<ErrorCode> = new Set(['escalation.resolved', 'aggregate.ended', 'aggregate.not_found']);

function refusal(code: ErrorCode, detail: { readonly [key: string]: Json }): string {
  if (!overCodes.has(code)) return `Not done. ${errorTable[code].title}`;
  const at = detail['resolvedAt'];
  const when = typeof at === 'number' ? ` since ${toIso(at).slice(11, 16)} UTC` : '';
  return `Not done. It is resolved${when}, so there is nothing left to do.`;
}
