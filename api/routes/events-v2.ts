import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VigilError } from '#domain/errors.ts';
import { readChange } from '#domain/intake/change-event.ts';
import { inSeveritiesOf, readEvent } from '#domain/intake/events-v2.ts';
import { unknownRoutingKey } from '#domain/intake/pagerduty-fields.ts';
import type { InvalidEvent } from '#domain/intake/pagerduty-fields.ts';
import type { Json } from '#domain/json.ts';
import { minuteMs } from '#domain/time.ts';
import { insertChangeEvent } from '#db/repositories/change-events.ts';
import { findIntegrationByKey } from '#db/repositories/integrations.ts';
import type { KeyedIntegration } from '#db/repositories/integrations.ts';
import type { ApiDeps } from '../deps.ts';
import { acceptAs } from '../intake/readers.ts';
import { createSlidingLimit } from '../intake/sliding-limit.ts';
import { problemOf } from '../plugins/errors.ts';
import { isVigilError } from '../problem.ts';
import { changeAccepted, changeBody, eventAccepted, eventBody, unacceptedResponses } from '../schemas/events-v2.ts';
import type { Routes } from './types.ts';

/** PagerDuty counts 512 KB. */
const bodyLimitBytes = 512 * 1_024;
/** A single address gets as much as so many senders at their limit. */
const sendersOfOneAddress = 10;

/**
 * PagerDuty's Events API v2: senders that know PagerDuty are pointed here as they are, and get PagerDuty's own answers,
 * whatever they send. The routing key in the body is the whole right.
 */
export function registerEventsV2(app: Routes, deps: ApiDeps): void {
  const { eventsPerMinute } = deps.config;
  const limit = createSlidingLimit(eventsPerMinute);

  /** Fails with `request.rate_limited`; null for a key that opens nothing. */
  async function senderOf(routingKey: string): Promise<KeyedIntegration | null> {
    const integration = await findIntegrationByKey(deps.db, routingKey);
    if (!integration) return null;
    const retryAfterSeconds = limit.take(integration.id, Date.now());
    if (retryAfterSeconds > 0) throw new VigilError('request.rate_limited', { retryAfterSeconds });
    return integration;
  }

  const options = {
    bodyLimit: bodyLimitBytes,
    config: {
      access: 'public',
      idempotencyKey: 'none',
      rateLimit: {
        max: sendersOfOneAddress * eventsPerMinute,
        timeWindow: minuteMs,
        keyGenerator: (request: FastifyRequest) => request.ip,
      },
    },
    errorHandler: refuse,
    onRequest: takenForJson,
    // The body is documented by its schema, and read by hand.
    validatorCompiler: () => (value: unknown) => ({ value }),
  } as const;

  app.post(
    '/v2/enqueue',
    { ...options, schema: { body: eventBody, response: { 202: eventAccepted, ...unacceptedResponses } } },
    async (request, reply) => {
      const read = readEvent(jsonOf(request), randomUUID());
      if ('errors' in read) return invalid(reply, read);
      const integration = await senderOf(read.routingKey);
      if (!integration) return invalid(reply, { errors: [unknownRoutingKey] });
      const report = inSeveritiesOf(read.report, integration.document.severities);
      await acceptAs(deps.intake, integration, [report]);
      return reply.code(202).send({ status: 'success', message: 'Event processed', dedup_key: report.dedupKey });
    },
  );

  app.post(
    '/v2/change/enqueue',
    { ...options, schema: { body: changeBody, response: { 202: changeAccepted, ...unacceptedResponses } } },
    async (request, reply) => {
      const read = readChange(jsonOf(request));
      if ('errors' in read) return invalid(reply, read);
      const integration = await senderOf(read.routingKey);
      if (!integration) return invalid(reply, { errors: [unknownRoutingKey] });
      const { serviceId, principalId: reportedBy } = integration;
      await insertChangeEvent(deps.db, { serviceId, reportedBy }, read.change);
      return reply.code(202).send({ status: 'success', message: 'Change event processed' });
    },
  );
}

/** Senders say that it is text, or a form, or nothing: it is JSON or it is refused. */
const takenForJson = async ({ headers }: FastifyRequest): Promise<void> => {
  headers['content-type'] = 'application/json';
};

const jsonOf = ({ body }: { readonly body: unknown }): Json => (body ?? null) as Json;

const invalid = (reply: FastifyReply, { errors }: InvalidEvent): FastifyReply =>
  reply.code(400).send({ status: 'invalid event', message: 'Event object is invalid', errors: [...errors] });

/**
 * What went wrong, as PagerDuty would put it. Overload is 429, which every one of its clients sends again; many give up
 * at 5xx. A body that is too large is 400: PagerDuty's documents know no other status for what can never be accepted.
 */
function refuse(error: Parameters<typeof problemOf>[0], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, status, title } = problemOf(error, request);
  const after = isVigilError(error) ? error.detail['retryAfterSeconds'] : undefined;
  if (typeof after === 'number') void reply.header('retry-after', String(after));
  const isOverload = status === 429 || code === 'intake.overloaded' || (isVigilError(error) && status === 503);
  if ((isOverload || status >= 500) && !reply.hasHeader('retry-after')) void reply.header('retry-after', '1');
  if (isOverload)
    return reply
      .code(429)
      .send({ status: 'throttle exceeded', message: 'Events are arriving too quickly. Please retry later.' });
  if (status >= 500) return reply.code(status === 503 ? 503 : 500).send({ status: 'internal error', message: title });
  return invalid(reply, { errors: [code === 'request.too_large' ? 'Event is too large (maximum is 512 KB)' : title] });
}
