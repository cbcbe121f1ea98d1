import twilio from 'twilio';
import { secondMs } from '#domain/time.ts';
import type { HttpClient } from './http.ts';

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  /** Another address than Twilio's own, such as that of a simulator or of a proxy. */
  readonly baseUrl: string;
}

/** Twilio answered and said no: what its status and its own error code are. Its text may quote an address and is left out. */
export class TwilioRefusal extends Error {
  readonly status: number;
  readonly code: number | null;
  readonly retryAfterMs: number | null;

  constructor(status: number, code: number | null, retryAfterMs: number | null) {
    super(`Twilio answered ${status}`);
    this.name = 'TwilioRefusal';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Twilio answered success with something that is not its JSON: it did arrive, and its name there is not known. */
export class TwilioGarbage extends Error {
  constructor(options?: ErrorOptions) {
    super('Twilio answered what cannot be read', options);
    this.name = 'TwilioGarbage';
  }
}

export type TwilioClient = Pick<ReturnType<typeof twilio>, 'messages' | 'calls'>;

/** How long Twilio gets for one request: a page that hangs must leave time for the next channel. */
const timeoutMs = 10 * secondMs;

/**
 * Twilio's own client over Vigil's one way out: the guard checks each connection, time and size are bounded, and it never
 * retries. A request fails with `OutgoingError` when it got no answer, with `TwilioRefusal` or `TwilioGarbage` when it did.
 */
export function createTwilioClient(account: TwilioAccount, http: HttpClient): TwilioClient {
  return twilio(account.accountSid, account.authToken, {
    httpClient: new GuardedRequestClient(http, account.baseUrl),
  });
}

type Request = Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0];
type Answer = Awaited<ReturnType<InstanceType<typeof twilio.RequestClient>['request']>>;

class GuardedRequestClient extends twilio.RequestClient {
  private readonly http: HttpClient;
  private readonly baseUrl: string;

  constructor(http: HttpClient, baseUrl: string) {
    super();
    this.http = http;
    this.baseUrl = baseUrl;
  }

  override async request<T>(options: Request): Promise<Answer & { body: T }> {
    const url = new URL(options.uri);
    for (const [name, value] of Object.entries(options.params ?? {})) url.searchParams.append(name, String(value));
    const authorization = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
    const isPost = options.method === 'post';
    const answer = await this.http.call({
      provider: 'twilio',
      method: isPost ? 'POST' : 'GET',
      url: new URL(`${url.pathname}${url.search}`, this.baseUrl).href,
      headers: { authorization, ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) },
      body: isPost ? formOf(options.data ?? {}) : null,
      timeoutMs,
    });
    const body = readJson(answer.text);
    const isSuccess = answer.status >= 200 && answer.status < 300;
    if (!isSuccess) throw new TwilioRefusal(answer.status, codeOf(body), answer.retryAfterMs);
    if (typeof body !== 'object' || body === null || typeof (body as { sid?: unknown }).sid !== 'string')
      throw new TwilioGarbage();
    return { statusCode: answer.status, body: body as T, headers: {} };
  }
}

/** Lists are sent as the name repeated, as Twilio reads them. */
function formOf(data: object): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data) as [string, FormValue | readonly FormValue[]][])
    for (const one of [value].flat()) if (one !== undefined && one !== null) form.append(name, String(one));
  return form.toString();
}
type FormValue = string | number | boolean | null | undefined;

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const codeOf = (body: unknown): number | null => {
  const code = (body as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : null;
};
