import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerJson, startLoopbackServer } from '#test/support/loopback-server.ts';
import type { Answer, LoopbackServer } from '#test/support/loopback-server.ts';
import { createHttpClient, longestRetryAfterMs, retryAfterMsOf } from './http.ts';
import type { HttpClient, HttpClientOptions, OutgoingRequest } from './http.ts';
import { OutgoingError } from './outgoing-error.ts';
import type { OutgoingFailure } from './outgoing-error.ts';
import { createSsrfGuard } from './ssrf-guard.ts';
import type { SsrfGuard } from './ssrf-guard.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

const serve = async (answer: Answer): Promise<LoopbackServer> => {
  const server = await startLoopbackServer(answer);
  open.push(server);
  return server;
};

const clientFor = (guard: SsrfGuard, options: Omit<HttpClientOptions, 'guard'> = {}): HttpClient => {
  const client = createHttpClient({ guard, ...options });
  open.push({ [Symbol.asyncDispose]: () => client.close() });
  return client;
};

const answered = z.object({ ok: z.boolean() });
const outgoing = (url: string, over: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  provider: 'platform',
  url,
  body: '{"a":1}',
  timeoutMs: 5_000,
  ...over,
});

const failureOf = async (call: Promise<unknown>): Promise<OutgoingFailure> => {
  const error: unknown = await call.then(
    () => new Error('the call was meant to fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof OutgoingError) return error.failure;
  throw error;
};

/** A server that answers so, and a client that may call it. */
async function pair(answer: Answer, options: Omit<HttpClientOptions, 'guard'> = {}) {
  const server = await serve(answer);
  return { server, client: clientFor(createSsrfGuard({ allowList: [server.hostPort] }), options) };
}

/** One call against a server that answers so. */
async function callAgainst(
  answer: Answer,
  over: Partial<OutgoingRequest> = {},
  options: Omit<HttpClientOptions, 'guard'> = {},
) {
  const { server, client } = await pair(answer, options);
  return { server, call: client.postJson(outgoing(server.url, over), answered) };
}

describe('a successful call', () => {
  it('sends the body as it is and returns the fields that it knows', async () => {
    const { call, server } = await callAgainst((response) => answerJson(response, { ok: true, extra: 1 }), {
      headers: { 'idempotency-key': 'k1' },
    });
    await expect(call).resolves.toEqual({ ok: true });
    expect(server.received).toMatchObject([
      { method: 'POST', body: '{"a":1}', headers: { 'idempotency-key': 'k1', 'content-type': 'application/json' } },
    ]);
  });

  it('counts by its status alone where the answer says nothing, even when the body never ends', async () => {
    const { client, server } = await pair((response) => void response.writeHead(202).write('<html>'));
    await expect(client.post(outgoing(server.url))).resolves.toEqual({ status: 202 });
  });
});

describe('a call whose failures are told in the body', () => {
  it.each([200, 302, 400, 429, 503])('returns the answer with its status %i', async (status) => {
    const { client, server } = await pair((response) =>
      response.writeHead(status, { 'retry-after': '7', location: 'https://elsewhere.example/' }).end('{"code":21211}'),
    );
    const get = { provider: 'p', method: 'GET', url: server.url, body: null, timeoutMs: 5_000 } as const;
    expect(await client.call(get)).toEqual({ status, retryAfterMs: 7_000, text: '{"code":21211}' });
    expect(server.received).toMatchObject([{ method: 'GET', body: '' }]);
  });

  it('fails where there is no answer, or one that is too large', async () => {
    const { client, server } = await pair((response) => void response.end('x'.repeat(2_000)), {
      maxResponseBytes: 1_000,
    });
    const post = { provider: 'p', method: 'POST', url: server.url, body: 'a=1', timeoutMs: 5_000 } as const;
    expect(await failureOf(client.call(post))).toMatchObject({ kind: 'garbage', reason: 'too_large' });
    expect(await failureOf(client.call({ ...post, url: 'http://10.0.0.1/' }))).toMatchObject({ kind: 'permanent' });
  });
});

describe('statuses', () => {
  const transient = { kind: 'transient', mayHaveArrived: true, retryAfterMs: null };
  it.each<[number, Record<string, string>, object]>([
    [500, {}, { ...transient, reason: 'server_error' }],
    [503, { 'retry-after': '7' }, { ...transient, reason: 'server_error', retryAfterMs: 7_000 }],
    [429, { 'retry-after': '2' }, { ...transient, reason: 'rate_limited', retryAfterMs: 2_000 }],
    [429, {}, { ...transient, reason: 'rate_limited' }],
    [425, {}, { ...transient, reason: 'rate_limited' }],
    [408, {}, { ...transient, reason: 'timeout' }],
    [409, { 'retry-after': '1' }, { ...transient, reason: 'in_progress', retryAfterMs: 1_000 }],
    [409, {}, { kind: 'permanent', reason: 'rejected' }],
    [400, {}, { kind: 'permanent', reason: 'rejected' }],
    [404, { 'retry-after': '1' }, { kind: 'permanent', reason: 'rejected' }],
    [410, {}, { kind: 'permanent', reason: 'gone' }],
    [304, {}, { kind: 'permanent', reason: 'redirected' }],
  ])('%i with %j', async (status, headers, failure) => {
    const { call } = await callAgainst((response) => response.writeHead(status, headers).end());
    expect(await failureOf(call)).toEqual({ status, ...failure });
  });

  it('never follows a redirect, not even to an allowed host', async () => {
    const target = await serve((response) => answerJson(response, { ok: true }));
    const { call } = await callAgainst((response) => response.writeHead(307, { location: target.url }).end());
    expect(await failureOf(call)).toEqual({ kind: 'permanent', reason: 'redirected', status: 307 });
    expect(target.received).toEqual([]);
  });

  it('does not wait for the body of a failure', async () => {
    const { call } = await callAgainst((response) => void response.writeHead(503).write('x'));
    expect(await failureOf(call)).toMatchObject({ reason: 'server_error' });
  });
});

describe('answers that do not fit', () => {
  it.each<[string, string | Buffer]>([
    ['not_json', '<html>it works</html>'],
    ['not_json', ''],
    ['not_json', '{"ok":'],
    ['not_utf8', Buffer.from([0x22, 0xff, 0x22])],
    ['unexpected_shape', '{"ok":"yes"}'],
    ['unexpected_shape', 'null'],
    ['unexpected_shape', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('are %s', async (reason, body) => {
    const { call } = await callAgainst((response) => response.writeHead(200).end(body));
    expect(await failureOf(call)).toEqual({ kind: 'garbage', reason, status: 200 });
  });

  it('are not read to their end when they are too large, with and without a stated length', async () => {
    for (const headers of [{ 'content-length': '400000' }, {}]) {
      let closed: Promise<unknown> = Promise.resolve();
      const { call } = await callAgainst(
        (response, _, message) => {
          closed = new Promise((resolve) => {
            message.socket.once('close', resolve);
          });
          response.writeHead(200, headers).write('x'.repeat(100_000));
        },
        {},
        { maxResponseBytes: 64_000 },
      );
      expect(await failureOf(call)).toEqual({ kind: 'garbage', reason: 'too_large', status: 200 });
      await closed;
    }
  });

  it('carry neither the body nor the URL into the error', async () => {
    const { server, client } = await pair((response) => response.writeHead(200).end('{"ok":"CANARY"}'));
    const error: unknown = await client.postJson(outgoing(`${server.url}/CANARY`), answered).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OutgoingError);
    const { message, stack, detail, cause } = error as OutgoingError;
    expect(JSON.stringify([message, stack, detail, cause])).not.toContain('CANARY');
  });
});

describe('connections', () => {
  const lost = { kind: 'transient', reason: 'connection_lost', status: null, retryAfterMs: null, mayHaveArrived: true };

  it('that drop after the other side did its work may have arrived', async () => {
    const { call, server } = await callAgainst((_, __, message) => message.socket.destroy());
    expect(await failureOf(call)).toEqual(lost);
    expect(server.received).toHaveLength(1);
  });

  it('that drop in the middle of the answer may have arrived', async () => {
    const { call } = await callAgainst((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"ok"', () => response.socket?.destroy());
    });
    expect(await failureOf(call)).toEqual(lost);
  });

  it('to a server that speaks no HTTP may have arrived', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-x\r\n'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const hostPort = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = clientFor(createSsrfGuard({ allowList: [hostPort] }));
    expect(await failureOf(client.post(outgoing(`http://${hostPort}`)))).toEqual(lost);
    server.close();
  });

  it('that are refused have not arrived', async () => {
    const { server, client } = await pair((response) => answerJson(response, { ok: true }));
    await server[Symbol.asyncDispose]();
    expect(await failureOf(client.post(outgoing(server.url)))).toMatchObject({
      reason: 'connect_failed',
      mayHaveArrived: false,
    });
  });

  it.each<[string, Answer]>([
    ['never answers', () => {}],
    ['stops in its answer', (response) => void response.writeHead(200).write('{')],
    ['sends its answer drop by drop', (response) => void setInterval(() => response.write(' '), 5).unref()],
  ])('to a server that %s end at the time cap', async (_, answer) => {
    const { call } = await callAgainst(answer, { timeoutMs: 1_000 });
    expect(await failureOf(call)).toMatchObject({ kind: 'transient', reason: 'timeout', mayHaveArrived: true });
  });

  it('end at the time cap also while the name is still being resolved', async () => {
    const guard = createSsrfGuard({ allowList: [], resolve: () => new Promise(() => {}) });
    const client = clientFor(guard, { connectTimeoutMs: 60_000 });
    expect(await failureOf(client.post(outgoing('https://slow.example/', { timeoutMs: 40 })))).toMatchObject({
      reason: 'timeout',
    });
  });

  it('end with the reason of the caller when the caller cancels', async () => {
    const cancel = new AbortController();
    const reason = Object.assign(new Error('activity cancelled'), { code: 'CANCELLED' });
    const { call } = await callAgainst(() => cancel.abort(reason), { signal: cancel.signal });
    await expect(call).rejects.toBe(reason);
  });

  it('with a header that cannot be sent are a defect, not a failure to retry', async () => {
    const { call } = await callAgainst((response) => answerJson(response, { ok: true }), {
      headers: { 'idempotency-key': 'a\nb' },
    });
    await expect(call).rejects.not.toBeInstanceOf(OutgoingError);
  });
});

describe('targets', () => {
  it('that the guard refuses are never connected to', async () => {
    const server = await serve((response) => answerJson(response, { ok: true }));
    const port = server.hostPort.split(':')[1] ?? '';
    const client = clientFor(createSsrfGuard({ allowList: [] }));
    for (const url of [
      server.url,
      `https://2130706433:${port}`,
      `https://0x7f.1:${port}`,
      `https://[::ffff:7f00:1]:${port}`,
    ]) {
      expect(await failureOf(client.post(outgoing(url)))).toMatchObject({ kind: 'permanent', status: null });
    }
    expect(server.received).toEqual([]);
  });

  it('that resolve to a private address are refused, and have the code that says so', async () => {
    const client = clientFor(
      createSsrfGuard({ allowList: [], resolve: async () => [{ address: '10.0.0.1', family: 4 }] }),
    );
    await expect(client.post(outgoing('https://intranet.example/'))).rejects.toMatchObject({
      code: 'outgoing.target_forbidden',
      failure: { kind: 'permanent', reason: 'address_not_public' },
    });
  });

  it('are connected to at the checked address, resolved once, whatever the name says later', async () => {
    const server = await serve((response) => answerJson(response, { ok: true }));
    const url = new URL(`http://rebinding.invalid:${server.hostPort.split(':')[1]}/`);
    let resolved = 0;
    const loopbackCountsAsPublic: SsrfGuard = {
      checkUrl: () => url,
      isAllowListed: () => false,
      allowsAddress: (address) => address === '127.0.0.1',
      addressesOf: async () => {
        resolved++;
        return [{ address: resolved === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
      },
    };
    const client = clientFor(loopbackCountsAsPublic);
    await expect(client.postJson(outgoing(url.href), answered)).resolves.toEqual({ ok: true });
    expect(server.received[0]?.headers.host).toBe(url.host);
    expect(resolved).toBe(1);
  });

  it('are refused by the address that the socket has, even if the resolving were fooled', async () => {
    const server = await serve((response) => answerJson(response, { ok: true }));
    const url = new URL(`http://fooled.invalid:${server.hostPort.split(':')[1]}/`);
    const fooled: SsrfGuard = {
      ...createSsrfGuard({ allowList: [] }),
      checkUrl: () => url,
      addressesOf: async () => [{ address: '127.0.0.1', family: 4 }],
    };
    expect(await failureOf(clientFor(fooled).post(outgoing(url.href)))).toMatchObject({ reason: 'address_not_public' });
    expect(server.received).toEqual([]);
  });
});

describe('retryAfterMsOf', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  it.each<[string, number | null]>([
    ['0', 0],
    [' 120 ', 120_000],
    ['999999999999999999999', longestRetryAfterMs],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['Fri, 01 Jan 2027 00:00:00 GMT', longestRetryAfterMs],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026', 2_026_000],
    ['', null],
  ])('%j is %s', (header, wait) => {
    expect(retryAfterMsOf(header, now)).toBe(wait);
  });
});
