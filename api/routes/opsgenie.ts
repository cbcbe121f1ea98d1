import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { errorTable, VigilError } from '#domain/errors.ts';
import { fittingKey, textOf } from '#domain/intake/sender-values.ts';
import { minuteMs } from '#domain/time.ts';
import { sha256Hex } from '#db/ids.ts';
import { acceptBeatByName } from '#db/repositories/heartbeats.ts';
import type { ApiDeps } from '../deps.ts';
import { beatBodyLimitBytes, beatConfig } from '../intake/beats.ts';
import { acceptAs, readBody } from '../intake/readers.ts';
import { countedFor, senderOf } from '../intake/sender-key.ts';
import { throwAwayBodies } from '../plugins/body.ts';
import { problemOf } from '../plugins/errors.ts';
import type { FieldError } from '../problem.ts';
import type { Routes } from './types.ts';

const took = z.number().describe('Seconds.');
const accepted = z
  .object({ result: z.literal('Request will be processed'), took, requestId: z.string() })
  .describe('Stored for good.');
const pong = z
  .object({ result: z.literal('PONG - Heartbeat received'), took, requestId: z.string() })
  .describe('Stored.');
const refused = z
  .object({
    message: z.string(),
    errors: z.record(z.string(), z.string()).optional().describe('What is wrong with each field.'),
    took,
    requestId: z.string(),
  })
  .meta({ id: 'OpsgenieRefusal' });
const response = {
  202: accepted,
  ...Object.fromEntries([400, 401, 404, 413, 415, 422, 429, 503].map((status) => [status, refused])),
};

const byAlias = z.object({ alias: z.string().max(512) });
const query = z.object({
  identifierType: z.string().max(20).optional().describe('`alias`: nothing else is served.'),
});
const actions = [
  ['close', 'resolve'],
  ['acknowledge', 'acknowledge'],
] as const;

/**
 * Where senders of Opsgenie can be pointed as they are: creating, closing and acknowledging alerts by alias, in Opsgenie's
 * own answers. The integration's key stands in the Authorization header, as `GenieKey`.
 */
export function registerOpsgenie(app: Routes, deps: ApiDeps): void {
  const options = {
    errorHandler: refuse,
    config: {
      access: 'public',
      idempotencyKey: 'none',
      rateLimit: { max: deps.config.rateLimitPerMinute, timeWindow: minuteMs, keyGenerator: countedFor },
    },
  } as const;
  const body = z.unknown();
  registerPings(app, deps);

  app.post(
    '/v2/alerts',
    { ...options, schema: { body: body.describe("Opsgenie's alert."), response } },
    async (request, reply) => {
      const integration = await senderOf(deps.db, request);
      await acceptAs(deps.intake, integration, readBody('opsgenie', request.body, integration.document));
      return processed(request, reply);
    },
  );

  for (const [name, action] of actions) {
    app.post(
      `/v2/alerts/:alias/${name}`,
      { ...options, schema: { params: byAlias, querystring: query, body, response } },
      async (request, reply) => {
        const integration = await senderOf(deps.db, request);
        const alias = textOf(request.params.alias);
        if (request.query.identifierType !== 'alias' || alias === null) throw aliasOnly();
        const report = { dedupKey: fittingKey(alias, { sha256Hex }), labels: {} };
        await acceptAs(deps.intake, integration, [
          action === 'resolve' ? { ...report, action, group: null } : { ...report, action },
        ]);
        return processed(request, reply);
      },
    );
  }
}

/** Its ping: a beat for the monitor of that name, in the team of the integration whose key is shown. */
function registerPings(app: Routes, deps: ApiDeps): void {
  const options = {
    errorHandler: refuse,
    config: beatConfig((request) => `${countedFor(request)} ${(request.params as { name: string }).name}`),
    schema: { params: z.object({ name: z.string().max(200) }), response: { ...response, 202: pong } },
  } as const;
  void app.register((scope: Routes, _options, done) => {
    throwAwayBodies(scope, beatBodyLimitBytes);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH'] as const)
      scope.route({
        ...options,
        method,
        url: '/v2/heartbeats/:name/ping',
        handler: async (request, reply) => {
          const { kind, teamId } = await senderOf(deps.db, request);
          // Other kinds of senders show their key in places where it leaks more easily, and need no such right.
          if (kind !== 'opsgenie') throw new VigilError('intake.key_unknown');
          const { name } = request.params;
          if (!(await deps.db.transaction((tx) => acceptBeatByName(tx, teamId, name))))
            throw new VigilError('resource.not_found');
          return reply.code(202).send({ result: 'PONG - Heartbeat received', ...aboutRequest(request, reply) });
        },
      });
    done();
  });
}

const aliasOnly = (): VigilError =>
  new VigilError('request.invalid', {
    errors: [{ pointer: '/querystring/identifierType', code: 'unknown', detail: 'only alias is served' }],
  });

const aboutRequest = (request: FastifyRequest, reply: FastifyReply) => ({
  took: Math.round(reply.elapsedTime) / 1_000,
  requestId: request.id.replace(/^req_/, ''),
});

const processed = (request: FastifyRequest, reply: FastifyReply) =>
  reply.code(202).send({ result: 'Request will be processed', ...aboutRequest(request, reply) });

/** A body that lacks something is 422 there, and a key that opens nothing 401; overload is 429, which its senders repeat. */
const statuses: Readonly<Record<string, number>> = {
  'intake.unreadable': 422,
  'intake.key_unknown': 401,
  'intake.overloaded': 429,
};
const messages: Readonly<Record<string, string>> = {
  'intake.unreadable': 'Request body is not processable. Please check the errors.',
  'intake.key_unknown': 'Could not authenticate',
  'intake.overloaded': 'You are making too many requests!',
  'request.rate_limited': 'You are making too many requests!',
};

function refuse(error: Parameters<typeof problemOf>[0], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, title, status, errors = [] } = problemOf(error, request);
  if (code in errorTable && errorTable[code as keyof typeof errorTable].retryable && !reply.hasHeader('retry-after'))
    void reply.header('retry-after', '1');
  return reply.code(statuses[code] ?? status).send({
    message: messages[code] ?? title,
    ...(errors.length === 0 ? {} : { errors: Object.fromEntries(errors.map(ofField)) }),
    ...aboutRequest(request, reply),
  });
}

const ofField = ({ pointer, detail }: FieldError): [string, string] =>
  pointer === '/body/message' ? ['message', 'Message can not be empty.'] : [pointer.split('/').at(-1) ?? '', detail];
