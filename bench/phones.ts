import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrival {
  /** Milliseconds of this process's monotonic clock. */
  readonly at: number;
  /** The phone: the last part of the address. */
  readonly phone: string;
  readonly escalationId: string;
  readonly deliveryId: string;
  readonly kind: string;
  readonly possibleDuplicate: boolean;
}

/** How a phone behaves: it answers, is slow, asks to slow down, loses its answer after it rang, or rings nobody. */
export type Behaviour =
  | { readonly mode: 'answer' }
  | { readonly mode: 'slow'; readonly delayMs: number }
  | { readonly mode: 'busy'; readonly retryAfterSeconds: number }
  | { readonly mode: 'lost_after_success' }
  | { readonly mode: 'broken' };

export interface BenchPhone {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** When the first page of each escalation arrived on any phone. */
  readonly firstPageAt: ReadonlyMap<string, number>;
  /** When the first page of each escalation arrived on that phone. */
  firstOn(phone: string): ReadonlyMap<string, number>;
  behave(phone: string, behaviour: Behaviour): void;
  waitFor(count: number, withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Phones that note what arrives and when. Signatures are the sender's to make, not checked here. */
export async function startBenchPhone(): Promise<BenchPhone> {
  const arrivals: Arrival[] = [];
  const firstPageAt = new Map<string, number>();
  const byPhone = new Map<string, Map<string, number>>();
  const behaviours = new Map<string, Behaviour>();

  const firstOn = (phone: string): Map<string, number> => {
    const known = byPhone.get(phone) ?? new Map<string, number>();
    byPhone.set(phone, known);
    return known;
  };
  const ring = (phone: string, body: string) => {
    const at = performance.now();
    const message = JSON.parse(body) as Omit<Arrival, 'at' | 'phone'>;
    arrivals.push({
      at,
      phone,
      escalationId: message.escalationId,
      deliveryId: message.deliveryId,
      kind: message.kind,
      possibleDuplicate: message.possibleDuplicate,
    });
    if (message.kind !== 'page') return;
    for (const first of [firstPageAt, firstOn(phone)])
      if (!first.has(message.escalationId)) first.set(message.escalationId, at);
  };
  const answer = (phone: string, body: string, response: ServerResponse) => {
    const behaviour = behaviours.get(phone) ?? { mode: 'answer' };
    switch (behaviour.mode) {
      case 'answer':
        ring(phone, body);
        return void response.writeHead(200).end();
      case 'slow':
        return void setTimeout(() => {
          ring(phone, body);
          response.writeHead(200).end();
        }, behaviour.delayMs);
      case 'busy':
        return void response.writeHead(429, { 'retry-after': String(behaviour.retryAfterSeconds) }).end();
      case 'lost_after_success':
        ring(phone, body);
        return void response.destroy();
      case 'broken':
        return void response.writeHead(503).end();
    }
  };

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => answer((request.url ?? '').split('/').at(-1) ?? '', body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    firstPageAt,
    firstOn,
    behave: (phone, behaviour) => void behaviours.set(phone, behaviour),
    async waitFor(count, withinMs) {
      const until = performance.now() + withinMs;
      while (firstPageAt.size < count) {
        if (performance.now() > until) return false;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return true;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
