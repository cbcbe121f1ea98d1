import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errorTable } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/errors.ts';
import { isDatabaseAway } from '../database-away.ts';
import { isVigilError, toProblem } from '../problem.ts';
import type { FieldError, Problem } from '../problem.ts';

const codeByFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.unreadable',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.unreadable',
  FST_ERR_BAD_URL: 'request.unreadable',
  FST_UNDER_PRESSURE: 'service.unavailable',
};

/** Every answer that is not a success is a problem document, also for unknown routes, methods and overload. */
export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(reply, problemOf(error, request)));
  app.setNotFoundHandler((request, reply) => {
    const others = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).filter(
      (method) => method !== request.method && app.hasRoute({ method, url: request.url.split('?')[0] ?? '' }),
    );
    if (others.length === 0) return sendProblem(reply, toProblem('request.unknown_route', request.id));
    return sendProblem(reply.header('allow', others.join(', ')), toProblem('request.method_not_allowed', request.id));
  });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const row = errorTable[problem.code as ErrorCode];
  if (row.retryable && !reply.hasHeader('retry-after')) void reply.header('retry-after', '1');
  return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

/** The problem that a failure is, logged when it is unexpected. */
export function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  if (isVigilError(error)) {
    // The kind of cause only: what a parser says repeats what it read.
    if (error.cause instanceof Error)
      request.log.info({ code: error.code, cause: error.cause.name }, 'request refused');
    const errors = Array.isArray(error.detail['errors'])
      ? { errors: error.detail['errors'] as unknown as FieldError[] }
      : {};
    return toProblem(error.code, request.id, 'errors' in errors ? errors : { detail: error.detail });
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext ?? 'body';
    const errors = error.validation.map((issue) => ({
      pointer: `/${where}${issue.instancePath}`,
      code: issue.keyword,
      detail: issue.message ?? 'is not valid',
    }));
    return toProblem('request.invalid', request.id, { errors });
  }
  const known = codeByFastify[error.code];
  if (known) return toProblem(known, request.id);
  if (error.statusCode === 429) return toProblem('request.rate_limited', request.id);
  if (error.statusCode === 400) return toProblem('request.unreadable', request.id);
  if (isDatabaseAway(error)) {
    request.log.warn({ err: error }, 'Postgres is away');
    return toProblem('service.unavailable', request.id);
  }
  request.log.error({ err: error }, 'unexpected failure');
  return toProblem('internal.unexpected', request.id);
}
