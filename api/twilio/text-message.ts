import type { FastifyRequest } from 'fastify';
import { readReply } from '#domain/escalation/reply-text.ts';
import { findAnsweredPages, isKnownPhone } from '#db/repositories/reply-codes.ts';
import type { AnsweredPage } from '#db/repositories/reply-codes.ts';
import { answerPage } from '../answer-page.ts';
import type { ApiDeps } from '../deps.ts';
import type { TwilioForm } from './request.ts';

const howTo =
  'Answer a page with its number and a letter: 12a acknowledges page 12, 12e escalates it to the next rung.';

/**
 * Does what somebody answered to a page by text message, and returns what to answer back. The number is the person: only
 * one whose owner has proven it counts, and to any other nothing is said, lest a stranger learns what it is good for.
 */
export async function answerTextMessage(
  deps: ApiDeps,
  request: FastifyRequest,
  { From: phone = '', Body: text = '', MessageSid: sid = '' }: TwilioForm,
): Promise<string | null> {
  const reply = readReply(text.slice(0, 1_600));
  const isKnown = await isKnownPhone(deps.db, phone);
  if (!isKnown) return null;
  if (reply.kind === 'stop')
    return 'Your phone network stops text messages from Vigil now: you are no longer paged by them. Send START to get them again, and change your notification rules.';
  if (reply.kind !== 'act') return reply.kind === 'help' ? howTo : `Not understood. ${howTo}`;
  const pages = await findAnsweredPages(deps.db, phone, reply.code);
  const open = pages.filter(({ isOpen }) => isOpen);
  const [page] = open.length > 0 ? open : pages;
  if (page === undefined)
    return reply.code === null
      ? 'No page of yours is open.'
      : `You have no page with the number ${reply.code}. ${howTo}`;
  if (open.length > 1) return `Say which: ${codesOf(open)}. ${howTo}`;
  const { personId, deliveryId } = page;
  const said = await answerPage(deps, request, personId, {
    deliveryId,
    act: reply.act === 'escalate' ? 'escalateNow' : reply.act,
    via: 'text_message',
    key: `twilio-sms:${sid}`,
  });
  return `${page.code}: ${said}`;
}

const codesOf = (pages: readonly AnsweredPage[]): string =>
  pages
    .map(({ code }) => code)
    .toSorted((a, b) => a - b)
    .slice(0, 10)
    .join(', ');
