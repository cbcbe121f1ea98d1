import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { FaultRequest } from './faults.ts';

/** For tests: a sender that signs, and the switch for faults. */
export const testSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLSwA';
export const otherSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

export interface SignedOptions {
  readonly secret?: string;
  readonly id?: string;
  readonly sentAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Signed in place of the body that is sent. */
  readonly signedBody?: string;
}

export async function postSigned(url: string, body: unknown, options: SignedOptions = {}): Promise<Response> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const id = options.id ?? `msg_${randomUUID()}`;
  const sentAt = new Date(options.sentAt ?? Date.now());
  return await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
      'webhook-signature': new Webhook(options.secret ?? testSecret).sign(id, sentAt, options.signedBody ?? raw),
      ...options.headers,
    },
    body: raw,
    signal: options.signal ?? null,
  });
}

export async function postJson(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: raw,
    signal: signal ?? null,
  });
}

export async function setFault(baseUrl: string, fault: FaultRequest): Promise<void> {
  const response = await postJson(`${baseUrl}/faults`, fault);
  if (response.status !== 201) throw new Error(`fault refused: ${await response.text()}`);
}

/** The reason a request got no answer: the code of the socket error, or the name of the abort. */
export async function failureOf(request: Promise<Response>): Promise<string> {
  try {
    return `answered ${(await request).status}`;
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return cause?.code ?? name;
  }
}
