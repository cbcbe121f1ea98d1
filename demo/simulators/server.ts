import { createHash } from 'node:crypto';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

/** What a client sent: the bytes the signature covers, and their JSON when they are JSON. */
export interface ReceivedBody {
  readonly raw: string;
  /** Undefined when `raw` is not JSON. */
  readonly json: unknown;
}

/** An answer that is not the wished-for one. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The base of every simulator: bodies kept raw, errors as `{ error: { code, message } }`, `GET /healthz`, hard close. */
export function createServer(options: { readonly bodyLimit: number }): FastifyInstance {
  // Closing must not wait for clients that hold their connection open, nor for the `hang` fault.
  const app = fastify({ bodyLimit: options.bodyLimit, forceCloseConnections: true });
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, raw, done) => {
    done(null, received(raw.toString()));
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const status = error instanceof Refused ? error.status : (error.statusCode ?? 500);
    return reply.code(status).send({ error: { code: error.code ?? 'internal', message: error.message } });
  });
  app.get('/healthz', () => ({ status: 'ok' }));
  return app;
}

function received(raw: string): ReceivedBody {
  try {
    return { raw, json: JSON.parse(raw) };
  } catch {
    return { raw, json: undefined };
  }
}

/** The body of a request, or an empty one that no schema accepts when it had none. */
export function bodyOf(request: { readonly body: unknown }): ReceivedBody {
  return (request.body as ReceivedBody | null | undefined) ?? { raw: '', json: undefined };
}

/** Checks a received value; refuses with 400 what is not JSON, with 422 what is JSON of another shape. */
export function expectShape<T>(schema: z.ZodType<T>, body: ReceivedBody): T {
  if (body.json === undefined) throw new Refused(400, 'not_json', 'the body is not JSON');
  const result = schema.safeParse(body.json);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `/${issue.path.join('/')}: ${issue.message}`);
  throw new Refused(422, 'invalid_body', problems.join('; '));
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
