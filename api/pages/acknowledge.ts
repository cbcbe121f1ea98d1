import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VigilError } from '#domain/errors.ts';
import { namesOf } from '#db/repositories/calendar-feeds.ts';
import { findPageLink } from '#db/repositories/page-links.ts';
import type { PageLink } from '#db/repositories/page-links.ts';
import { findPersonToAct } from '#db/repositories/principals.ts';
import { mayFor } from '../auth.ts';
import type { ApiDeps } from '../deps.ts';
import { problemOf, sendProblem } from '../plugins/errors.ts';
import { problems } from '../problem.ts';
import { responders } from '../routes/escalations.ts';
import type { Routes } from '../routes/types.ts';
import { acknowledgePage, problemPage } from './acknowledge-view.ts';
import { confirmationOf, readConfirmation } from './confirmation.ts';
import type { Confirmed, LinkAct } from './confirmation.ts';
import { parseForm } from './form.ts';
import { pageHeaders } from './layout.ts';
import { act, toError } from './link-acts.ts';
import { standingOf, statusOf } from './link-standing.ts';
import type { Standing } from './link-standing.ts';
import { linkSummary, linkSummarySchema } from './link-summary.ts';

const params = z.object({ token: z.string().max(200) });
const body = z
  .object({ confirm: z.string().max(100).describe('The hidden value of the form that was shown.') })
  .strict();
const shown = linkSummarySchema.describe('A page for people; this with `Accept: application/json`.');
const linkProblems = problems(400, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503);
const tokenShape = /^[\w-]{22}$/;
/** Of one address in a minute: a person meets an unknown link now and then, a machine that guesses meets nothing else. */
const unknownLinksPerMinute = 30;
/** A form holds one short value. */
const largestForm = 2_048;

/**
 * The page behind the link of a page: what is wrong, and one button that acknowledges. Looking never acts, however often
 * and by whatever program: only a POST of the form that the page showed does. Works without script.
 */
export function registerAcknowledgePage(app: Routes, deps: ApiDeps): void {
  void app.register(async (plain) => {
    const scope = plain.withTypeProvider() as Routes;
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: largestForm },
      async (_request: unknown, form: Buffer) => parseForm(form),
    );
    scope.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
    const unknown = scope.createRateLimit({
      max: unknownLinksPerMinute,
      timeWindow: 60_000,
      keyGenerator: (request) => request.ip,
    });

    /** The link, and the person that it is for. What it shows and does is theirs alone, and only while they may. */
    async function open(request: FastifyRequest) {
      const { token } = request.params as z.infer<typeof params>;
      const link = tokenShape.test(token) ? await findPageLink(deps.db, token) : null;
      if (link === null) {
        const limit = await unknown(request);
        throw new VigilError(!limit.isAllowed && limit.isExceeded ? 'request.rate_limited' : 'page_link.unknown');
      }
      const person = await findPersonToAct(deps.db, link.personId);
      if (person === null || !mayFor(person, responders, link.escalation.teamId))
        throw new VigilError('auth.forbidden');
      return { token, link, person };
    }

    async function show(request: FastifyRequest, reply: FastifyReply, status?: 202) {
      const { token, link } = await open(request);
      const standing = standingOf(link);
      if (standing.kind === 'expired') throw new VigilError('page_link.expired');
      const version = link.escalation.state?.version ?? 0;
      const confirm = {
        acknowledge: confirmationOf(token, 'acknowledge', version),
        undo: confirmationOf(token, 'undo', version),
      };
      void reply
        .code(status ?? statusOf(standing))
        .headers(pageHeaders)
        .header('vary', 'accept');
      if (wantsJson(request)) {
        const summary = linkSummary(link, standing, confirm);
        return reply.type('application/json; charset=utf-8').send(summary);
      }
      const names = await namesOf(deps.db, personsIn(link, standing));
      return reply.send(acknowledgePage({ link, standing, names, confirm, self: token }));
    }

    /** After a form was sent the page is read anew, so that going back or reloading sends nothing twice. */
    async function showAfter(request: FastifyRequest, reply: FastifyReply) {
      if (wantsJson(request)) return show(request, reply);
      return reply.headers(pageHeaders).redirect(selfOf(request) ?? '', 303);
    }

    scope.get(
      '/a/:token',
      { config: { access: 'public' }, schema: { params, response: { 200: shown, 410: shown, ...linkProblems } } },
      (request, reply) => show(request, reply),
    );

    scope.post(
      '/a/:token',
      {
        config: { access: 'public', idempotencyKey: 'none' },
        schema: { params, body, response: { 200: shown, 202: shown, ...linkProblems } },
      },
      async (request, reply) => {
        const { token, link, person } = await open(request);
        const standing = standingOf(link);
        if (standing.kind === 'expired') throw new VigilError('page_link.expired');
        if (standing.kind !== 'open') return showAfter(request, reply);
        const confirmed = confirmationIn(request, token, 'acknowledge');
        const outcome = await act(deps, request, { link, person, act: 'acknowledge' }, confirmed);
        if (outcome === null) return show(request, reply, 202);
        const isRefused = outcome !== 'spent' && outcome.status !== 'done';
        // A refusal because it is over, or somebody else has it, is best told by the page itself.
        if (isRefused && standingOf((await open(request)).link).kind === 'open') throw toError(outcome);
        return showAfter(request, reply);
      },
    );

    scope.post(
      '/a/:token/undo',
      {
        config: { access: 'public', idempotencyKey: 'none' },
        schema: { params, body, response: { 200: shown, 202: shown, ...linkProblems } },
      },
      async (request, reply) => {
        const { token, link, person } = await open(request);
        const standing = standingOf(link);
        if (standing.kind === 'undone') return showAfter(request, reply);
        if (standing.kind !== 'acknowledged' || standing.undoUntil === null)
          throw new VigilError('page_link.undo_over');
        const confirmed = confirmationIn(request, token, 'undo');
        const outcome = await act(deps, request, { link, person, act: 'undo' }, confirmed);
        if (outcome === null) return wantsJson(request) ? show(request, reply, 202) : showAfter(request, reply);
        if (outcome === 'spent' && standingOf((await open(request)).link).kind !== 'undone')
          throw new VigilError('page_link.undo_over');
        if (outcome !== 'spent' && outcome.status !== 'done') throw toError(outcome);
        return showAfter(request, reply);
      },
    );
  });
}

/**
 * What the form sent, if it is from a page that this link showed. Browsers say where a request comes from; one that
 * another site sent is refused even if it has the value.
 */
function confirmationIn(request: FastifyRequest, token: string, what: LinkAct): Confirmed {
  const site = request.headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  const confirmed = readConfirmation(token, what, (request.body as z.infer<typeof body>).confirm);
  if (isForeign || confirmed === null) throw new VigilError('page_link.not_from_page');
  return confirmed;
}

/** Errors as pages too: whoever taps a link has no use for JSON. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request);
  void reply.headers(pageHeaders).header('vary', 'accept');
  if (wantsJson(request)) return sendProblem(reply, problem);
  if (problem.status === 429 || problem.status === 503) void reply.header('retry-after', '1');
  const again = request.method === 'POST' && problem.status !== 404 && problem.status !== 410 ? selfOf(request) : null;
  return reply
    .code(problem.status)
    .serializer(String)
    .send(problemPage(problem.title, isUndo(request) ? 'undo' : 'acknowledge', again));
}

/** The page's own address, relative to that of the request: whatever stands before it, such as a proxy's path, stays. */
function selfOf(request: FastifyRequest): string | null {
  const { token } = request.params as z.infer<typeof params>;
  if (!tokenShape.test(token)) return null;
  return isUndo(request) ? `../${token}` : token;
}

const isUndo = ({ routeOptions }: FastifyRequest): boolean => routeOptions.url?.endsWith('/undo') === true;

const wantsJson = ({ headers: { accept = '' } }: FastifyRequest): boolean =>
  /\bapplication\/(problem\+)?json\b/.test(accept) && !accept.includes('text/html');

function personsIn({ personId, escalation: { state } }: PageLink, standing: Standing): string[] {
  const others = state?.responders.filter(({ pages }) => pages > 0).map((responder) => responder.personId) ?? [];
  const named = [
    personId,
    'by' in standing ? standing.by : null,
    standing.kind === 'acknowledged' ? standing.firstBy : null,
    ...others,
  ];
  return [...new Set(named.filter((id) => id !== null))];
}
