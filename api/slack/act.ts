import type { FastifyRequest } from 'fastify';
import { errorTable, VigilError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import { sha256Hex } from '#db/ids.ts';
import { namesOf } from '#db/repositories/calendar-feeds.ts';
import type { Outcome } from '#db/repositories/commands.ts';
import { findDelivery, findEscalation } from '#db/repositories/escalations.ts';
import type { EscalationRow } from '#db/repositories/escalations.ts';
import { findPersonsAt } from '#db/repositories/people.ts';
import { findPersonToAct } from '#db/repositories/principals.ts';
import { assertMayFor } from '../auth.ts';
import { awaitOutcome, carryOut } from '../commands.ts';
import type { ApiDeps } from '../deps.ts';
import { responders } from '../routes/escalations.ts';
import type { Click } from './interaction.ts';

export type Clicker = NonNullable<Awaited<ReturnType<typeof findPersonToAct>>>;

/** Who clicked: the one person whose proven contact method the Slack user is. Null when there is none, or more than one. */
export async function whoClicked({ db }: ApiDeps, { slackUserId }: Click): Promise<Clicker | null> {
  const [personId, another] = await findPersonsAt(db, 'chat', slackUserId);
  return personId === undefined || another !== undefined ? null : findPersonToAct(db, personId);
}

/** What to tell a Slack user whom Vigil does not know. */
export const howToLink = ({ slackUserId }: Click): string =>
  `Not done. Vigil does not know who you are in Slack. Add ${slackUserId} to your contact methods in Vigil, as the channel chat, and type in the code that Vigil then sends you here.`;

/**
 * Does what a click asked for, with the roles that the person holds now, by the one path of commands; and says in a
 * sentence what came of it.
 *
 * The command names the page that was clicked, so a click on an old message is refused once the ladder has begun anew. A
 * click that comes again, however often, is the same command. Fails only where nothing was written.
 */
export async function actOn(deps: ApiDeps, request: FastifyRequest, click: Click, person: Clicker): Promise<string> {
  try {
    const delivery = await findDelivery(deps.db, click.deliveryId);
    const escalation = delivery === null ? null : await findEscalation(deps.db, delivery.escalationId);
    if (!delivery || !escalation) throw new VigilError('resource.not_found');
    assertMayFor(person, responders, escalation.teamId);
    if (click.act === 'acknowledge' && hasAcknowledged(escalation, person.id))
      return 'You have acknowledged this already: nobody is paged for it.';
    const { pass, rung, effectKey } = delivery;
    const { row, isNew, outcome } = await carryOut(
      deps,
      request,
      { principal: person, idempotencyKey: click.key, requestSha256: sha256Hex(click.key) },
      {
        name: click.act,
        kind: 'escalation',
        aggregateId: escalation.id,
        teamId: escalation.teamId,
        priority: 1,
        input: {
          via: 'chat',
          noteId: null,
          ...(click.act === 'acknowledge' ? { asOfDeliveryKey: effectKey } : { asOfPage: { pass, rung } }),
        },
      },
    );
    return await tell(deps, click, escalation, isNew ? outcome : (outcome ?? (await awaitOutcome(deps, row))));
  } catch (error) {
    if (error instanceof VigilError && errorTable[error.code].status < 500) return refusal(error.code);
    throw error;
  }
}

const hasAcknowledged = ({ status, state }: EscalationRow, personId: string): boolean =>
  status === 'acknowledged' && state?.walk.ackedBy.includes(personId) === true;

async function tell({ db }: ApiDeps, click: Click, before: EscalationRow, outcome: Outcome | null): Promise<string> {
  if (outcome === null) return 'Vigil has this and will do it; it cannot yet say when. Look at the message again.';
  if (outcome.status !== 'done') return refusal(outcome.code as ErrorCode);
  const { answer } = outcome;
  if (click.act === 'escalateNow')
    return answer['status'] === 'exhausted'
      ? 'Sent on: there is no further rung, so the catch-all is paged.'
      : `Sent on: rung ${Number(answer['rung']) + 1} is paged.`;
  const missing = Number(answer['acksMissing'] ?? 0);
  if (missing > 0) return `Noted. ${missing} more must acknowledge before paging stops.`;
  const first = before.status === 'acknowledged' ? before.acknowledgedBy : null;
  if (first === null) return 'You have it: nobody else is paged for it.';
  return `${(await namesOf(db, [first])).get(first) ?? first} had acknowledged it; you are noted too.`;
}

const refusal = (code: ErrorCode): string => `Not done. ${errorTable[code].title}`;
