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
  /** The page that was answered: an answer to an old one is refused once the ladder has begun anew. */
  readonly deliveryId: string;
  readonly act: 'acknowledge' | 'escalateNow';
  readonly via: 'text_message' | 'call' | 'chat';
  /** Names the answer: however often it comes, it is one command. */
  readonly key: string;
}

export type Answerer = NonNullable<Awaited<ReturnType<typeof findPersonToAct>>>;

/**
 * Does what the answer asks for, with the roles that the person holds now, by the one path of commands; and says in a
 * sentence or two what came of it. The sentences carry no content of the escalation.
 */
export async function answerPage(
  deps: ApiDeps,
  request: FastifyRequest,
  personId: string,
  answer: PageAnswer,
): Promise<string> {
  return orRefusal(async () => {
    const person = await findPersonToAct(deps.db, personId);
    if (!person) throw new VigilError('resource.not_found');
    const page = await findAnswered(deps, person, answer.deliveryId);
    return say(answer.act, await carryOutAnswer(deps, request, person, page, answer));
  });
}

/** What cannot be done is said too. Fails only where nothing was written. */
export async function orRefusal(answering: () => Promise<string>): Promise<string> {
  try {
    return await answering();
  } catch (error) {
    if (error instanceof VigilError && errorTable[error.code].status < 500) return refusal(error.code, error.detail);
    throw error;
  }
}

/** The page that is answered, with its escalation. Fails with `resource.not_found` and `auth.forbidden`. */
export async function findAnswered({ db }: ApiDeps, person: Answerer, deliveryId: string) {
  const delivery = await findDelivery(db, deliveryId);
  const escalation = delivery === null ? null : await findEscalation(db, delivery.escalationId);
  if (!delivery || !escalation) throw new VigilError('resource.not_found');
  assertMayFor(person, responders, escalation.teamId);
  return { delivery, escalation };
}

/** Sends the command that an answer asks for. Null while it is not known what came of it. */
export async function carryOutAnswer(
  deps: ApiDeps,
  request: FastifyRequest,
  person: Answerer,
  { delivery, escalation }: Awaited<ReturnType<typeof findAnswered>>,
  { act, via, key }: PageAnswer,
): Promise<Outcome | null> {
  const { pass, rung, effectKey } = delivery;
  const { row, isNew, outcome } = await carryOut(
    deps,
    request,
    { principal: person, idempotencyKey: key, requestSha256: sha256Hex(key) },
    {
      name: act,
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

export function refusal(code: ErrorCode, detail: { readonly [key: string]: Json }): string {
  if (!overCodes.has(code)) return `Not done. ${errorTable[code].title}`;
  const at = detail['resolvedAt'];
  const when = typeof at === 'number' ? ` since ${toIso(at).slice(11, 16)} UTC` : '';
  return `Not done. It is resolved${when}, so there is nothing left to do.`;
}
