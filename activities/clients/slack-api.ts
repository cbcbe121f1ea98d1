import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import type { ChatPostMessageArguments, FetchFunction, WebClientOptions } from '@slack/web-api';
import { Agent, fetch } from 'undici';
import { hourMs, secondMs } from '#domain/time.ts';
import { ConnectFailure, pinnedConnector } from './pinned-connector.ts';
import { ForbiddenTarget } from './ssrf-guard.ts';
import type { SsrfGuard } from './ssrf-guard.ts';

export type SlackBlocks = NonNullable<Extract<ChatPostMessageArguments, { blocks: unknown }>['blocks']>;

/** What a message says: its blocks, and the text of notifications and of readers that show no blocks. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: SlackBlocks;
}

/**
 * How a call to Slack failed. `code` is Slack's own word or one of ours: short, and never text of a message.
 *
 * - `transient`: a repeat may work. `mayHaveArrived`: Slack could have carried it out all the same.
 * - `permanent`: this conversation or message cannot be reached.
 * - `provider`: Slack does not let Vigil in at all: nothing works until somebody mends the app or its token.
 */
export type SlackFailure =
  | {
      readonly kind: 'transient';
      readonly code: string;
      readonly retryAfterMs: number | null;
      readonly mayHaveArrived: boolean;
    }
  | { readonly kind: 'permanent' | 'provider'; readonly code: string };

export type SlackAnswer<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly failure: SlackFailure };

/** The part of Slack's Web API that Vigil uses. One call is one attempt: nothing is repeated here. */
export interface SlackApi {
  /** `channel` is a conversation, or a person for a direct message; the answer names the conversation it went to. */
  post(channel: string, message: SlackMessage): Promise<SlackAnswer<{ readonly channel: string; readonly ts: string }>>;
  update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer<object>>;
  /** Whom Slack takes Vigil for. */
  whoAmI(): Promise<SlackAnswer<{ readonly team: string; readonly user: string }>>;
  close(): Promise<void>;
}

export interface SlackApiOptions {
  readonly token: string;
  readonly guard: SsrfGuard;
  /** Default `https://slack.com/api/`. */
  readonly apiUrl?: string;
  /** For one call. Default 10 seconds: a page that hangs must leave time for the next channel. */
  readonly timeoutMs?: number;
}

export function createSlackApi({ token, guard, apiUrl, timeoutMs = 10 * secondMs }: SlackApiOptions): SlackApi {
  const dispatcher = new Agent({
    connect: pinnedConnector(guard, 5 * secondMs),
    connections: 16,
    allowH2: false,
    maxResponseSize: 1024 * 1024,
  });
  const guarded = (async (url, init) =>
    await fetch(guard.checkUrl(String(url)), { ...(init as object), dispatcher })) as FetchFunction;
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
    fetch: guarded,
    timeout: timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: silent,
  });

  return {
    post: (channel, message) =>
      attempt(
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's method, not that of a window
        () => client.chat.postMessage({ channel, ...inert(message), unfurl_links: false, unfurl_media: false }),
        ({ channel: conversation, ts }) => (conversation && ts ? { channel: conversation, ts } : null),
      ),
    update: (channel, ts, message) =>
      attempt(
        () => client.chat.update({ channel, ts, ...inert(message) }),
        () => ({}),
      ),
    whoAmI: () =>
      attempt(
        () => client.auth.test(),
        ({ team = '', user = '' }) => ({ team, user }),
      ),
    close: () => dispatcher.destroy(),
  };
}

/** Nothing in a message is looked for names, channels or markup. */
const inert = ({ text, blocks }: SlackMessage) =>
  ({ text, blocks: [...blocks], parse: 'none', link_names: false, mrkdwn: false }) as const;

async function attempt<R, T extends object>(
  call: () => Promise<R>,
  read: (result: R) => T | null,
): Promise<SlackAnswer<T>> {
  try {
    const answer = read(await call());
    return answer === null ? { ok: false, failure: unreadable } : { ok: true, ...answer };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** Slack did it, and what it said of it cannot be read. */
const unreadable: SlackFailure = {
  kind: 'transient',
  code: 'unreadable_answer',
  retryAfterMs: null,
  mayHaveArrived: true,
};

function failureOf(error: unknown): SlackFailure {
  if (error instanceof WebAPIPlatformError) return failureOfWord(error.data.error);
  if (error instanceof WebAPIRateLimitedError) return limited(error.retryAfter * secondMs);
  if (error instanceof WebAPIHTTPError) return failureOfStatus(error.statusCode);
  if (error instanceof WebAPIRequestError) return failureOfConnection(error.original);
  // The library's plain error for a 429 that names no time.
  if (error instanceof Error && error.message.startsWith('Retry header')) return limited(null);
  if (isLostAnswer(error)) return lost('connection_lost');
  throw error;
}

/** Words that say that the app, not the conversation, is at fault. */
const providerWords: ReadonlySet<string> = new Set([
  'access_denied',
  'account_inactive',
  'ekm_access_denied',
  'invalid_auth',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);
/** Slack could not do it now, and says that it did not. */
const transientWords: ReadonlySet<string> = new Set(['service_unavailable', 'team_added_to_org']);
/** Slack's documentation: some of it may have been done before it failed. */
const unsureWords: ReadonlySet<string> = new Set(['fatal_error', 'internal_error', 'request_timeout']);

function failureOfWord(word: string): SlackFailure {
  // The library puts the body here when it is not JSON: it must not become a code.
  if (!/^[a-z][a-z0-9_]{1,60}$/.test(word)) return unreadable;
  if (word === 'ratelimited' || word === 'rate_limited') return limited(null);
  if (providerWords.has(word)) return { kind: 'provider', code: word };
  if (transientWords.has(word)) return { kind: 'transient', code: word, retryAfterMs: null, mayHaveArrived: false };
  if (unsureWords.has(word)) return lost(word);
  return { kind: 'permanent', code: word };
}

function failureOfStatus(status: number): SlackFailure {
  if (status >= 500) return { kind: 'transient', code: `http_${status}`, retryAfterMs: null, mayHaveArrived: false };
  if (status === 408) return lost('timeout');
  return { kind: status === 401 || status === 403 ? 'provider' : 'permanent', code: `http_${status}` };
}

function failureOfConnection(error: Error): SlackFailure {
  const causes = causesOf(error);
  const forbidden = causes.find((cause) => cause instanceof ForbiddenTarget);
  if (forbidden) return { kind: 'provider', code: forbidden.reason };
  if (causes.some((cause) => cause instanceof ConnectFailure))
    return { kind: 'transient', code: 'connect_failed', retryAfterMs: null, mayHaveArrived: false };
  if (causes.some(({ name }) => name === 'TimeoutError')) return lost('timeout');
  if (causes.some(({ message }) => message === 'unexpected redirect')) return { kind: 'provider', code: 'redirected' };
  return lost('connection_lost');
}

/** The answer broke off while it was read. */
function isLostAnswer(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => cause.name === 'TimeoutError' || cause.message === 'terminated' || codeOf(cause).startsWith('UND_ERR_'),
  );
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

const lost = (code: string): SlackFailure => ({ kind: 'transient', code, retryAfterMs: null, mayHaveArrived: true });
const limited = (retryAfterMs: number | null): SlackFailure => ({
  kind: 'transient',
  code: 'rate_limited',
  // Nobody may make Vigil wait longer than this by a header.
  retryAfterMs: retryAfterMs === null ? null : Math.min(retryAfterMs, hourMs),
  mayHaveArrived: false,
});

const nothing = (): void => undefined;
/** The library's log quotes requests; what matters is in the outcome. */
const silent: NonNullable<WebClientOptions['logger']> = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
  getLevel: () => 'error' as ReturnType<NonNullable<WebClientOptions['logger']>['getLevel']>,
};
