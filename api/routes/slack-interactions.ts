import { z } from 'zod';
import type { FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import { secondMs } from '#domain/time.ts';
import { findCommandByKey } from '#db/repositories/commands.ts';
import type { ApiDeps } from '../deps.ts';
import { parseForm } from '../pages/form.ts';
import { problems } from '../problem.ts';
import { actOn, howToLink, whoClicked } from '../slack/act.ts';
import { readClick } from '../slack/interaction.ts';
import type { Click } from '../slack/interaction.ts';
import { isFromSlack } from '../slack/signature.ts';
import type { Routes } from './types.ts';

/** Slack tells the person that the app failed when it is not answered within three seconds. */
const answerWithinMs = 2 * secondMs;
const largestBody = 64 * 1024;

/**
 * Clicks on the buttons of pages, as Slack sends them. The signature is the whole right, and is over the body as it came;
 * who clicked may do what that person may do anyway.
 *
 * Answered within three seconds, and not before the command stands in Postgres: what it said goes to the one who clicked
 * alone, later if need be. The message itself changes with the escalation, whoever acts on it.
 */
export function registerSlackInteractions(app: Routes, deps: ApiDeps): void {
  const running = new Set<Promise<void>>();
  app.addHook('onClose', async () => {
    await Promise.allSettled(running);
  });

  void app.register((scope: Routes, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: largestBody },
      (_request: unknown, body: Buffer, parsed) => parsed(null, body),
    );
    scope.post(
      '/v1/providers/slack/interactions',
      {
        config: { access: 'public', idempotencyKey: 'none' },
        schema: {
          response: {
            200: z.string().describe('Empty. What came of the click goes to the address that Slack sent with it.'),
            ...problems(400, 401, 404, 413, 415, 422, 429, 503),
          },
        },
      },
      async (request, reply) => {
        const click = clickOf(deps, request);
        if (click === null) return reply.code(200).send('');
        const person = await whoClicked(deps, click);
        const work = person === null ? Promise.resolve(howToLink(click)) : actOn(deps, request, click, person);
        // Also where Slack is answered that it failed: it may be done all the same, and the person must know.
        const told = work.then(
          (text) => answer(deps, click, text),
          (error: unknown) => request.log.error({ err: error }, 'a click in Slack could not be carried out'),
        );
        running.add(told);
        void told.finally(() => running.delete(told));
        const soon = await Promise.race([work, after(answerWithinMs)]);
        if (soon === null) {
          // Once the command is written the relay has it; before that, Slack must not say that it was taken.
          if (!(await findCommandByKey(deps.db, person?.id ?? '', click.key)))
            throw new VigilError('service.unavailable');
          await answer(deps, click, 'Working on it: the answer follows.');
        }
        return reply.code(200).send('');
      },
    );
    done();
  });
}

/** Null when the click asks for nothing. Fails with `provider.not_configured` and `provider.signature_invalid`. */
function clickOf({ slack }: ApiDeps, request: FastifyRequest): Click | null {
  if (slack === undefined) throw new VigilError('provider.not_configured');
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const timestamp = headerOf(request, 'x-slack-request-timestamp');
  const signature = headerOf(request, 'x-slack-signature');
  if (!isFromSlack(slack.signingSecret.reveal(), { timestamp, signature, raw }, Date.now()))
    throw new VigilError('provider.signature_invalid');
  return readClick(parseForm(raw));
}

async function answer({ slack }: ApiDeps, { answerUrl }: Click, text: string): Promise<void> {
  if (answerUrl !== null) await slack?.answer(answerUrl, text);
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function after(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref();
  });
}
