import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '#config/env.ts';
import { AwayError, createApiClient, PendingError, ProblemError } from './http.ts';
import type { ApiClient, ClientOptions } from './http.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (seen: Seen, response: ServerResponse) => void;

let server: Server | null = null;
const seen: Seen[] = [];
afterEach(async () => {
  seen.length = 0;
  server?.closeAllConnections();
  await new Promise((done) => (server ? server.close(done) : done(null)));
  server = null;
});

/** A client of an API that answers by the list, one entry a request, the last one for all that follow. */
async function client(answers: readonly Answer[], options: Partial<ClientOptions> = {}): Promise<ApiClient> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const entry = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(entry);
      answers[Math.min(seen.length, answers.length) - 1]?.(entry, response);
    });
  });
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createApiClient({ apiUrl, token: new Secret('vgl_secret'), idempotencyKey: 'key', waitMs: 5_000, ...options });
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_seen, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const hangUp: Answer = (_seen, response) => response.destroy();
const silent: Answer = () => undefined;
const accepted = json(202, { commandId: 'cmd_1', status: 'pending' }, { location: '/v1/commands/cmd_1' });
const command = (status: string, outcome: object | null): Answer =>
  json(200, { id: 'cmd_1', aggregate: { kind: 'launch', id: 'lch_1' }, status, outcome });

describe('a call', () => {
  it('goes with the token, and a POST with its key', async () => {
    const api = await client([json(200, { a: 1 })]);
    expect(await api.get('/v1/x', { limit: 2, none: undefined, open: true })).toEqual({ a: 1 });
    await api.post('/v1/x', { b: 2 });
    await api.post('/v1/x', undefined, { part: 'second' });
    expect(seen.map(({ method, url, body, headers }) => [method, url, body, headers['idempotency-key']])).toEqual([
      ['GET', '/v1/x?limit=2&open=true', '', undefined],
      ['POST', '/v1/x', '{"b":2}', 'key'],
      ['POST', '/v1/x', '', 'key.second'],
    ]);
    expect(seen.every(({ headers }) => headers.authorization === 'Bearer vgl_secret')).toBe(true);
  });

  it('is repeated once, under the same key, when the connection breaks', async () => {
    const api = await client([hangUp, json(201, { done: true })]);
    expect(await api.post('/v1/x', { b: 2 })).toEqual({ done: true });
    expect(seen.map(({ headers, body }) => [headers['idempotency-key'], body])).toEqual([
      ['key', '{"b":2}'],
      ['key', '{"b":2}'],
    ]);
  });

  it('is given up after the second time', async () => {
    const api = await client([hangUp]);
    await expect(api.get('/v1/x')).rejects.toThrow(AwayError);
    expect(seen).toHaveLength(2);
  });

  it.each(['put', 'delete'] as const)('is not repeated for %s, whose second answer would mislead', async (method) => {
    const api = await client([hangUp]);
    await expect(method === 'put' ? api.put('/v1/x', {}, '"1"') : api.delete('/v1/x')).rejects.toThrow(AwayError);
    expect(seen).toHaveLength(1);
  });

  it('is not repeated when nobody answers in time', async () => {
    const api = await client([silent], { requestTimeoutMs: 1_000 });
    await expect(api.post('/v1/x')).rejects.toMatchObject({ name: 'AwayError', isConnectionFailure: false });
    expect(seen).toHaveLength(1);
  });

  it('ends when its caller is told to stop', async () => {
    const stop = new AbortController();
    const api = await client([() => stop.abort()], { stopping: stop.signal });
    await expect(api.post('/v1/x')).rejects.toThrow(AwayError);
    expect(seen).toHaveLength(1);
  });

  it('fails with the problem that the API answers, and with one of its own when that is none', async () => {
    const problem = { title: 'No', status: 409, code: 'x.no', context: { version: 3 } };
    await expect((await client([json(409, problem)])).post('/v1/x')).rejects.toEqual(new ProblemError(problem));
    const proxy: Answer = (_seen, response) => response.writeHead(502).end('<html>');
    await expect((await client([proxy])).get('/v1/x')).rejects.toMatchObject({ problem: { status: 502 } });
  });

  it('reads a list page by page, and no more than is wanted', async () => {
    const page = (from: number, next: string | null) => json(200, { items: [from, from + 1], nextCursor: next });
    const api = await client([page(1, 'a'), page(3, 'b'), page(5, null)]);
    expect(await api.list('/v1/x', { open: true })).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen.map(({ url }) => url)).toEqual([
      '/v1/x?open=true&limit=200',
      '/v1/x?open=true&limit=200&cursor=a',
      '/v1/x?open=true&limit=200&cursor=b',
    ]);
    seen.length = 0;
    expect(await (await client([page(1, 'a'), page(3, 'b')])).list('/v1/x', {}, 4)).toEqual([1, 2, 3, 4]);
  });

  it('never follows a redirect, which could carry the token away', async () => {
    const away: Answer = (_seen, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
    await expect((await client([away])).get('/v1/x')).rejects.toThrow(AwayError);
  });
});

describe('a 202', () => {
  it('is followed until it is done, and then reads as if it had been done at once', async () => {
    const api = await client([
      accepted,
      command('pending', null),
      command('done', { status: 'done', answer: { version: 4, waiverId: 'wvr_1' } }),
    ]);
    expect(await api.post('/v1/x')).toEqual({
      commandId: 'cmd_1',
      status: 'done',
      aggregate: { kind: 'launch', id: 'lch_1' },
      version: 4,
      result: { waiverId: 'wvr_1' },
    });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/x',
      'GET /v1/commands/cmd_1',
      'GET /v1/commands/cmd_1',
    ]);
  });

  it('becomes the refusal that it ended with', async () => {
    const refused = command('refused', {
      status: 'refused',
      code: 'aggregate.version_conflict',
      detail: { version: 7 },
    });
    await expect((await client([accepted, refused])).post('/v1/x')).rejects.toMatchObject({
      problem: { status: 409, code: 'aggregate.version_conflict', context: { version: 7 } },
    });
  });

  it('is told as pending when the time is up', async () => {
    const api = await client([accepted, command('pending', null)], { waitMs: 150 });
    await expect(api.post('/v1/x')).rejects.toMatchObject({
      name: 'PendingError',
      location: '/v1/commands/cmd_1',
      answer: { status: 'pending' },
    });
    await expect((await client([accepted], { waitMs: 0 })).post('/v1/x')).rejects.toThrow(PendingError);
  });

  it('without a place to ask is an answer like any other', async () => {
    expect(await (await client([json(202, { disposition: 'opened' })])).post('/v1/x')).toEqual({
      disposition: 'opened',
    });
  });
});
