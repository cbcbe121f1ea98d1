import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { bodyOf, expectShape } from './server.ts';

const faultModes = [
  /** Does the work, then drops the connection without an answer. A request that the work refuses is answered. */
  'lost_after_success',
  'error_500',
  /** 200 with a page of HTML, as a proxy in between might answer. The work is not done. */
  'garbage',
  /** Waits `delayMs`, then does the work and answers, even when the client has gone meanwhile. */
  'slow',
  /** Never answers and does not do the work. */
  'hang',
  /** 429 with `Retry-After`. */
  'rate_limited',
  /** Says that this request will never succeed. */
  'reject_permanent',
  /** Resets the connection before the work. */
  'connection_reset',
] as const;
export type FaultMode = (typeof faultModes)[number];

const faultSchema = z.strictObject({
  mode: z.enum(faultModes),
  times: z.int().min(1).max(1_000_000).default(1),
  /** Only requests whose path begins with this. */
  route: z.string().startsWith('/').optional(),
  /** Only requests whose body has these values; a dot goes one level down: `target.ref`. */
  match: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  delayMs: z.int().min(0).max(600_000).default(2_000),
  retryAfterSeconds: z.int().min(0).max(3_600).default(1),
});
export type FaultRequest = z.input<typeof faultSchema>;

interface Fault extends z.output<typeof faultSchema> {
  remaining: number;
}

/**
 * The work of a route. Synchronous, so that two requests never interleave; returns the answer and does not send it, so
 * that it can get lost. May set headers, may throw `Refused`.
 */
type Work = (request: FastifyRequest, reply: FastifyReply) => object;

export interface Faults {
  /** Wraps a route's work: the first fault that fits and has uses left is used up, the others wait. */
  around(work: Work): (request: FastifyRequest, reply: FastifyReply) => Promise<object>;
}

export interface FaultOptions {
  /** The status of `reject_permanent`: 410 where the receiver is gone for good, 400 or 422 where the request is wrong. */
  readonly permanentStatus: 400 | 410 | 422;
  readonly onUsed: (mode: FaultMode, route: string) => void;
}

/**
 * Adds `POST`, `GET` and `DELETE /faults` to a simulator. Faults are used in the order in which they were set, each
 * `times` times, and live in memory only: a restarted simulator behaves.
 */
export function installFaults(app: FastifyInstance, options: FaultOptions): Faults {
  let faults: Fault[] = [];
  const closing = new AbortController();
  app.addHook('preClose', (done) => {
    closing.abort();
    done();
  });

  app.post('/faults', (request, reply) => {
    const fault = expectShape(faultSchema, bodyOf(request));
    faults.push({ ...fault, remaining: fault.times });
    return reply.code(201).send({ faults });
  });
  app.get('/faults', () => ({ faults }));
  app.delete('/faults', (_request, reply) => {
    faults = [];
    return reply.code(204).send();
  });

  function take(path: string, body: unknown): Fault | undefined {
    const fault = faults.find((candidate) => candidate.remaining > 0 && fits(candidate, path, body));
    if (fault !== undefined) fault.remaining -= 1;
    return fault;
  }

  return {
    around(work) {
      return async (request, reply) => {
        const path = request.url.split('?', 1)[0] ?? request.url;
        const fault = take(path, bodyOf(request).json);
        if (fault === undefined) return work(request, reply);
        options.onUsed(fault.mode, path);
        if (fault.mode === 'slow') {
          await delay(fault.delayMs, undefined, { signal: closing.signal });
          return work(request, reply);
        }
        const { permanentStatus } = options;
        return misbehave[fault.mode]({ fault, request, reply, permanentStatus, work: () => work(request, reply) });
      };
    },
  };
}

interface Situation {
  readonly fault: Fault;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly permanentStatus: number;
  readonly work: () => object;
}

const failure = (code: string, message: string): object => ({ error: { code, message } });

const misbehave: Record<Exclude<FaultMode, 'slow'>, (at: Situation) => object> = {
  lost_after_success({ request, reply, work }) {
    work();
    request.raw.socket.destroy();
    return reply.hijack();
  },
  connection_reset({ request, reply }) {
    request.raw.socket.resetAndDestroy();
    return reply.hijack();
  },
  hang: ({ reply }) => reply.hijack(),
  garbage: ({ reply }) => reply.type('text/html').send('<html><body>It works!</body></html>'),
  error_500: ({ reply }) => reply.code(500).send(failure('internal', 'something broke')),
  rate_limited: ({ reply, fault }) =>
    reply
      .code(429)
      .header('retry-after', String(fault.retryAfterSeconds))
      .send(failure('rate_limited', 'too many requests')),
  reject_permanent: ({ reply, permanentStatus }) =>
    reply.code(permanentStatus).send(failure('rejected', 'this request will never succeed')),
};

function fits(fault: Fault, path: string, body: unknown): boolean {
  if (fault.route !== undefined && !path.startsWith(fault.route)) return false;
  return Object.entries(fault.match ?? {}).every(([field, value]) => valueAt(body, field) === value);
}

function valueAt(body: unknown, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      body,
    );
}
