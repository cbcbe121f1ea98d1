import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '#domain/errors.ts';
import { namesOf } from '#db/repositories/calendar-feeds.ts';
import type { Outcome } from '#db/repositories/commands.ts';
import type { EscalationRow } from '#db/repositories/escalations.ts';
import { findPersonsAt } from '#db/repositories/people.ts';
import { findPersonToAct } from '#db/repositories/principals.ts';
import { carryOutAnswer, findAnswered, orRefusal, refusal } from '../answer-page.ts';
import type { Answerer } from '../answer-page.ts';
import type { ApiDeps } from '../deps.ts';
import type { Click } from './interaction.ts';

/** Who clicked: the one person whose proven contact method the Slack user is. Null when there is none, or more than one. */
export async function whoClicked({ db }: ApiDeps, { slackUserId }: Click): Promise<Answerer | null> {
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
export async function actOn(deps: ApiDeps, request: FastifyRequest, click: Click, person: Answerer): Promise<string> {
  return orRefusal(async () => {
    const page = await findAnswered(deps, person, click.deliveryId);
    const { escalation } = page;
    if (click.act === 'acknowledge' && hasAcknowledged(escalation, person.id))
      return 'You have acknowledged this already: nobody is paged for it.';
    const outcome = await carryOutAnswer(deps, request, person, page, { ...click, via: 'chat' });
    return tell(deps, click, escalation, outcome);
  });
}

const hasAcknowledged = ({ status, state }: EscalationRow, personId: string): boolean =>
  status === 'acknowledged' && state?.walk.ackedBy.includes(personId) === true;

async function tell({ db }: ApiDeps, click: Click, before: EscalationRow, outcome: Outcome | null): Promise<string> {
  if (outcome === null) return 'Vigil has this and will do it; it cannot yet say when. Look at the message again.';
  if (outcome.status !== 'done') return refusal(outcome.code as ErrorCode, outcome.detail);
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
