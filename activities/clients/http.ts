import { Agent, errors, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { ZodType } from 'zod';
import { hourMs, secondMs } from '#domain/time.ts';
import { OutgoingError } from './outgoing-error.ts';
import type { GarbageReason, OutgoingFailure } from './outgoing-error.ts';
import { ConnectFailure, pinnedConnector } from './pinned-connector.ts';
import { ForbiddenTarget } from './ssrf-guard.ts';
import type { SsrfGuard } from './ssrf-guard.ts';

/** One POST of JSON to another service. */
export interface OutgoingRequest {
  /** The name of the other service in errors and metrics; from a small fixed set. */
  readonly provider: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text, exactly as signed. */
  readonly body: string;
  /** For everything together: resolving, connecting, sending, waiting and reading. */
  readonly timeoutMs: number;
  /** Of the activity: a cancelled call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One call of another service whose failures are told in the body of its answer. */
export interface OutgoingCall extends Omit<OutgoingRequest, 'body'> {
  readonly method: 'GET' | 'POST';
  /** Null for none. Its kind is told by the header `content-type`. */
  readonly body: string | null;
}

/** An answer of whatever status, a redirect included. */
export interface CallAnswer {
  readonly status: number;
  /** What a Retry-After header asks for, milliseconds. */
  readonly retryAfterMs: number | null;
  readonly text: string;
}

/**
 * The one way out of Vigil over HTTP. It never retries: callers bound their retries, and two loops would multiply.
 * It follows no redirects, connects only to addresses that the guard checked, and bounds time and size.
 *
 * Every expected failure is an `OutgoingError`.
 */
export interface HttpClient {
  /** Returns the answer's JSON once it fits `answer`; unknown fields are left out. */
  postJson<T>(outgoing: OutgoingRequest, answer: ZodType<T>): Promise<T>;
  /** For receivers whose answer says nothing but its status. A success is one even when its body hangs or is garbage. */
  post(outgoing: OutgoingRequest): Promise<{ readonly status: number }>;
  /** Whatever the status, the answer is returned: only a call that got none fails. */
  call(outgoing: OutgoingCall): Promise<CallAnswer>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly guard: SsrfGuard;
  /** Milliseconds until a connection that does not come about is given up. Default 5 seconds. */
  readonly connectTimeoutMs?: number;
  /** Bytes of an answer that are read at most. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** Connections to one origin at most. Default 16. */
  readonly connectionsPerOrigin?: number;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { guard, maxResponseBytes = 1024 * 1024 } = options;
  const dispatcher = new Agent({
    connect: pinnedConnector(guard, options.connectTimeoutMs ?? 5 * secondMs),
    connections: options.connectionsPerOrigin ?? 16,
    allowH2: false,
  });

  /** Sends, then lets `read` take the answer, all within the time of the request. */
  async function exchange<T>(
    outgoing: OutgoingCall,
    read: (response: Dispatcher.ResponseData) => Promise<T> | T,
  ): Promise<T> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), outgoing.timeoutMs);
    const signal = outgoing.signal ? AbortSignal.any([outgoing.signal, timeout.signal]) : timeout.signal;
    try {
      const url = guard.checkUrl(outgoing.url);
      const headers = { ...outgoing.headers, 'user-agent': 'Vigil', 'accept-encoding': 'identity' };
      const { method, body } = outgoing;
      const work = async () => read(await request(url, { dispatcher, method, headers, body, signal }));
      // undici hears an abort only once it is connected.
      return await Promise.race([work(), rejectionOf(signal)]);
    } catch (error) {
      outgoing.signal?.throwIfAborted();
      throw toOutgoing(outgoing.provider, error, timeout.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A POST of JSON, whose statuses mean what they mean everywhere. */
  const postOf = <T>(
    outgoing: OutgoingRequest,
    read: (response: Dispatcher.ResponseData) => Promise<T> | T,
  ): Promise<T> =>
    exchange(
      { ...outgoing, method: 'POST', headers: { ...outgoing.headers, 'content-type': 'application/json' } },
      (response) => {
        const failure = failureOf(response.statusCode, response.headers['retry-after']);
        if (failure === null) return read(response);
        discard(response.body);
        throw new OutgoingError(outgoing.provider, failure);
      },
    );

  const textOf = async (provider: string, { statusCode, body }: Dispatcher.ResponseData): Promise<string> => {
    const bytes = await readAtMost(body, maxResponseBytes);
    if (bytes === null) throw garbageOf(provider, 'too_large', statusCode);
    const text = orUndefined(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (text === undefined) throw garbageOf(provider, 'not_utf8', statusCode);
    return text;
  };

  return {
    postJson: (outgoing, answer) =>
      postOf(outgoing, async (response) => {
        const garbage = (reason: GarbageReason, cause?: unknown) =>
          garbageOf(outgoing.provider, reason, response.statusCode, cause);
        const text = await textOf(outgoing.provider, response);
        const json = orUndefined<unknown>(() => JSON.parse(text));
        if (json === undefined) throw garbage('not_json');
        const parsed = answer.safeParse(json);
        if (!parsed.success) throw garbage('unexpected_shape', parsed.error);
        return parsed.data;
      }),
    post: (outgoing) =>
      postOf(outgoing, ({ statusCode, body }) => {
        discard(body);
        return { status: statusCode };
      }),
    call: (outgoing) =>
      exchange(outgoing, async (response) => ({
        status: response.statusCode,
        retryAfterMs: retryAfterOf(response.headers['retry-after']),
        text: await textOf(outgoing.provider, response),
      })),
    // A call in flight is not waited for: its activity is retried elsewhere.
    close: () => dispatcher.destroy(),
  };
}

function failureOf(status: number, retryAfter: string | string[] | undefined): OutgoingFailure | null {
  if (status >= 200 && status < 300) return null;
  const retryAfterMs = retryAfterOf(retryAfter);
  const transient = { kind: 'transient', status, retryAfterMs, mayHaveArrived: true } as const;
  if (status >= 500) return { ...transient, reason: 'server_error' };
  if (status === 408) return { ...transient, reason: 'timeout' };
  if (status === 425 || status === 429) return { ...transient, reason: 'rate_limited' };
  // The first call with this idempotency key is still running over there.
  if (status === 409 && retryAfterMs !== null) return { ...transient, reason: 'in_progress' };
  if (status < 400) return { kind: 'permanent', reason: 'redirected', status };
  return { kind: 'permanent', reason: status === 410 ? 'gone' : 'rejected', status };
}

const retryAfterOf = (header: string | string[] | undefined): number | null =>
  typeof header === 'string' ? retryAfterMsOf(header, Date.now()) : null;

const garbageOf = (provider: string, reason: GarbageReason, status: number, cause?: unknown): OutgoingError =>
  new OutgoingError(provider, { kind: 'garbage', reason, status }, { cause });

/** Nobody may make Vigil wait longer than this by a header. */
export const longestRetryAfterMs = hourMs;

/** Milliseconds to wait by a Retry-After header: whole seconds or an HTTP date (RFC 9110 §10.2.3). Null when it is neither. */
export function retryAfterMsOf(header: string, now: number): number | null {
  const text = header.trim();
  const wait = /^\d+$/.test(text)
    ? Number(text) * secondMs
    : Date.parse(/^[A-Z][a-z]{2,8},? /.test(text) ? text : '') - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), longestRetryAfterMs);
}

function toOutgoing(provider: string, error: unknown, timedOut: boolean): unknown {
  if (error instanceof OutgoingError) return error;
  if (error instanceof ForbiddenTarget) {
    return new OutgoingError(provider, { kind: 'permanent', reason: error.reason, status: null }, { cause: error });
  }
  const transient = { kind: 'transient', status: null, retryAfterMs: null } as const;
  if (timedOut) return new OutgoingError(provider, { ...transient, reason: 'timeout', mayHaveArrived: true });
  if (error instanceof ConnectFailure) {
    return new OutgoingError(
      provider,
      { ...transient, reason: 'connect_failed', mayHaveArrived: false },
      { cause: error },
    );
  }
  if (!isLostConnection(error)) return error;
  return new OutgoingError(
    provider,
    { ...transient, reason: 'connection_lost', mayHaveArrived: true },
    { cause: error },
  );
}

/** Anything else, such as a header that cannot be sent, is a defect of the caller, which no retry mends. */
const isLostConnection = (error: unknown): boolean =>
  error instanceof errors.HTTPParserError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code !== 'UND_ERR_INVALID_ARG');

/** The bytes of a body, or null as soon as it is larger than `most`; the rest is then not read. */
async function readAtMost(body: Dispatcher.ResponseData['body'], most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Frees the connection without waiting: a short rest is read so that it can be used again, a long or slow one is cut. */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.dump({ limit: 16_384, signal: AbortSignal.timeout(secondMs) }).catch(() => {});
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function orUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
