import { setTimeout as delay } from 'node:timers/promises';
import type { Secret } from '#config/env.ts';
import { errorTable, isErrorCode } from '#domain/errors.ts';

/** RFC 9457, as the API answers whatever is not a success. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  /** The request id, which finds the request in the log of the API. */
  readonly instance?: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[];
  readonly context?: { readonly [key: string]: unknown };
}

/** The API said no. `problem.status` says which kind of no. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The API did not answer: not reachable, or silent for too long. With an idempotency key it is safe to repeat. */
export class AwayError extends Error {
  /** The connection failed, which may be over in a moment; false when nobody answered in time or the caller stopped. */
  readonly isConnectionFailure: boolean;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'AwayError';
    this.isConnectionFailure = !(cause instanceof Error && /^(Timeout|Abort)Error$/.test(cause.name));
  }
}

/** Accepted, but not done within the time that the caller waits. It will be done: `location` tells when. */
export class PendingError extends Error {
  readonly location: string;
  readonly answer: unknown;

  constructor(location: string, answer: unknown, waitMs: number) {
    super(`accepted, but not done within ${waitMs / 1_000} s; it goes on by itself, see ${location}`);
    this.name = 'PendingError';
    this.location = location;
    this.answer = answer;
  }
}

export interface ClientOptions {
  readonly apiUrl: string;
  readonly token: Secret | null;
  /** The key of every POST that decides or starts; `part` tells several of one call apart. */
  readonly idempotencyKey: string;
  /** How long a 202 is followed. 0: it is not. */
  readonly waitMs: number;
  /** How long one request may take. Default 35,000: longer than the API gives itself. */
  readonly requestTimeoutMs?: number;
  readonly stopping?: AbortSignal;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The API as the command line, and the demo's people, use it. Methods fail with `ProblemError`, `AwayError` or `PendingError`. */
export interface ApiClient {
  get<T>(path: string, query?: Query): Promise<T>;
  /** With the version that a change must name. */
  read<T>(path: string): Promise<{ readonly value: T; readonly etag: string | null }>;
  /** A whole list, page by page, up to `atMost` items. */
  list<T>(path: string, query?: Query, atMost?: number): Promise<T[]>;
  /** Sends with an Idempotency-Key, and follows a 202 until the work is done. */
  post<T>(path: string, body?: unknown, options?: PostOptions): Promise<T>;
  put<T>(path: string, body: unknown, etag?: string | null): Promise<T>;
  delete(path: string, etag?: string | null): Promise<void>;
}

interface PostOptions {
  readonly part?: string;
  /** The version of what it changes, as it was read. */
  readonly etag?: string | null;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

const longestPage = 200;

export function createApiClient(options: ClientOptions): ApiClient {
  const get = async <T>(path: string, query: Query = {}): Promise<T> =>
    (await send(options, 'GET', withQuery(path, query))).body as T;
  return {
    get,
    async read<T>(path: string) {
      const { body, headers } = await send(options, 'GET', path);
      return { value: body as T, etag: headers.get('etag') };
    },
    async list<T>(path: string, query: Query = {}, atMost = Number.MAX_SAFE_INTEGER) {
      const items: T[] = [];
      let cursor: string | undefined;
      do {
        const limit = Math.min(longestPage, atMost - items.length);
        const page = await get<{ items: T[]; nextCursor?: string | null }>(path, { ...query, limit, cursor });
        items.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && items.length < atMost);
      return items;
    },
    async post<T>(path: string, body?: unknown, { part, etag = null }: PostOptions = {}) {
      const key = part === undefined ? options.idempotencyKey : `${options.idempotencyKey}.${part}`;
      const answer = await send(options, 'POST', path, body, { 'idempotency-key': key, ...ifMatch(etag) });
      return (answer.status === 202 ? await follow(options, answer) : answer.body) as T;
    },
    async put<T>(path: string, body: unknown, etag: string | null = null) {
      return (await send(options, 'PUT', path, body, ifMatch(etag))).body as T;
    },
    async delete(path: string, etag: string | null = null) {
      await send(options, 'DELETE', path, undefined, ifMatch(etag));
    },
  };
}

const ifMatch = (etag: string | null): Record<string, string> => (etag === null ? {} : { 'if-match': etag });

/** What `GET /v1/commands/{id}` answers. */
interface FollowedCommand {
  readonly id: string;
  readonly aggregate: { readonly kind: string; readonly id: string };
  readonly status: 'pending' | 'done' | 'refused' | 'failed';
  readonly outcome:
    | { readonly status: 'done'; readonly answer: { readonly [key: string]: unknown } }
    | {
        readonly status: 'refused' | 'failed';
        readonly code: string;
        readonly detail: { readonly [key: string]: unknown };
      }
    | null;
}

/** The problem that the refusal would have been, had the workflow answered in time. */
function problemOf({ code, detail }: { readonly code: string; readonly detail: Problem['context'] & object }): Problem {
  const { title, status } = errorTable[isErrorCode(code) ? code : 'internal.unexpected'];
  return { title, status, code, context: detail };
}

/** Asks where a 202 pointed to until the command is done, refused, or the time is up. */
async function follow(options: ClientOptions, accepted: Answer): Promise<unknown> {
  const location = accepted.headers.get('location');
  if (location === null) return accepted.body;
  const until = Date.now() + options.waitMs;
  let pauseMs = 100;
  while (Date.now() < until) {
    await delay(Math.min(pauseMs, Math.max(0, until - Date.now())), undefined, signalOf(options));
    pauseMs = Math.min(1_000, pauseMs * 1.5);
    const { id, aggregate, outcome, ...rest } = (await send(options, 'GET', location)).body as FollowedCommand;
    if (rest.status === 'pending' || outcome === null) continue;
    if (outcome.status !== 'done') throw new ProblemError(problemOf(outcome));
    const { version = null, ...result } = outcome.answer;
    return { commandId: id, status: 'done', aggregate, version, result };
  }
  throw new PendingError(location, accepted.body, options.waitMs);
}

async function send(
  options: ClientOptions,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const attempt = () => sendOnce(options, method, path, body, headers);
  try {
    return toResult(await attempt());
  } catch (error) {
    // A POST has its key: if the first one arrived after all, the second gets its answer and does nothing. A PUT or
    // DELETE that arrived would be answered as if somebody else had been faster.
    if (!(error instanceof AwayError && error.isConnectionFailure && /^(GET|POST)$/.test(method))) throw error;
    await delay(250, undefined, signalOf(options));
    return toResult(await attempt());
  }
}

async function sendOnce(
  { apiUrl, token, requestTimeoutMs = 35_000, stopping }: ClientOptions,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  try {
    const response = await fetch(new URL(path, apiUrl), {
      method,
      redirect: 'error',
      headers: {
        accept: 'application/json, application/problem+json',
        ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: stopping ? AbortSignal.any([timeout, stopping]) : timeout,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: parse(await response.text()) };
  } catch (error) {
    throw new AwayError(`the API at ${apiUrl} (--api-url or VIGIL_API_URL) did not answer: ${reasonOf(error)}`, error);
  }
}

function toResult(answer: Answer): Answer {
  if (answer.status < 300) return answer;
  const { body, status } = answer;
  const isProblem = typeof body === 'object' && body !== null && 'title' in body;
  throw new ProblemError(
    isProblem ? (body as Problem) : { title: `The API answered ${status} without a reason.`, status },
  );
}

function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
}

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

const signalOf = ({ stopping }: ClientOptions) => (stopping ? { signal: stopping } : {});
