import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerJson, startLoopbackServer } from '#test/support/loopback-server.ts';
import type { Answer, LoopbackServer } from '#test/support/loopback-server.ts';
import { createHttpClient } from './http.ts';
import type { HttpClient } from './http.ts';
import { createHttpDetector, largestBatch } from './http-detector.ts';
import type { HttpDetector } from './http-detector.ts';
import { createSsrfGuard } from './ssrf-guard.ts';

const items = ['a', 'b', 'c'].map((id) => ({ id, text: `text of ${id}` }));
const result = (id: string, score = 0.5) => ({ id, score, label: 'spam' });

let server: LoopbackServer;
let http: HttpClient;
let detector: HttpDetector;
let answer: Answer;

beforeAll(async () => {
  server = await startLoopbackServer((...args) => answer(...args));
  http = createHttpClient({ guard: createSsrfGuard({ allowList: [server.hostPort] }) });
  detector = createHttpDetector({ http, url: `${server.url}/score`, token: 'tok' });
});
afterAll(async () => {
  await http.close();
  await server[Symbol.asyncDispose]();
});

const answering = (body: unknown) => {
  answer = (response) => answerJson(response, body);
};

describe('the HTTP detector', () => {
  it('sends ids and texts only, and returns the scores in the order of the items', async () => {
    answering({ model: 'nb-1', results: [result('c', 1), result('a', 0), result('b')], took: 3 });
    const withMore = items.map((item) => ({ ...item, accountRef: 'CANARY' }));
    await expect(detector.score(withMore)).resolves.toEqual({
      model: 'nb-1',
      results: [result('a', 0), result('b'), result('c', 1)],
      missingIds: [],
      unknownIds: 0,
    });
    expect(server.received.at(-1)).toMatchObject({
      path: '/score',
      headers: { authorization: 'Bearer tok' },
      body: JSON.stringify({ items }),
    });
  });

  it('names the items without a score and counts the scores without an item', async () => {
    answering({ model: 'nb-1', results: [result('b'), result('x'), result('__proto__'), result('constructor')] });
    await expect(detector.score(items)).resolves.toMatchObject({
      results: [result('b')],
      missingIds: ['a', 'c'],
      unknownIds: 3,
    });
  });

  it.each<[string, unknown]>([
    ['a score above 1', { model: 'm', results: [result('a', 1.01)] }],
    ['a score below 0', { model: 'm', results: [result('a', -0.01)] }],
    ['a score as text', { model: 'm', results: [{ id: 'a', score: '0.5', label: 'x' }] }],
    ['a score that is no number', { model: 'm', results: [{ id: 'a', score: null, label: 'x' }] }],
    ['two scores for one item', { model: 'm', results: [result('a', 0), result('a', 1)] }],
    ['a label with a line break', { model: 'm', results: [{ ...result('a'), label: 'a\nb' }] }],
    ['a label of a page', { model: 'm', results: [{ ...result('a'), label: 'x'.repeat(65) }] }],
    ['no model', { results: [] }],
    ['a model with a NUL', { model: 'm\u0000', results: [] }],
    [
      'an endless list',
      { model: 'm', results: Array.from({ length: 2 * largestBatch + 1 }, (_, i) => result(`x${i}`)) },
    ],
    ['an error with status 200', { error: 'out of memory' }],
  ])('calls %s garbage', async (_, body) => {
    answering(body);
    await expect(detector.score(items)).rejects.toMatchObject({
      failure: { kind: 'garbage', reason: 'unexpected_shape' },
    });
  });

  it('accounts for every item, whatever a well-formed answer names', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', '');
    const results = fc.uniqueArray(
      fc.record({ id, score: fc.double({ min: 0, max: 1, noNaN: true }), label: fc.constant('l') }),
      {
        selector: (one) => one.id,
      },
    );
    await fc.assert(
      fc.asyncProperty(results, async (given) => {
        answering({ model: 'm', results: given });
        const scored = await detector.score(items);
        const named = [...scored.results.map((one) => one.id), ...scored.missingIds].sort();
        expect(named).toEqual(['a', 'b', 'c']);
        expect(scored.results.length + scored.unknownIds).toBe(given.length);
      }),
      { numRuns: 50 },
    );
  });

  it('is transient when the service hangs or fails', async () => {
    answer = () => {};
    const hasty = createHttpDetector({ http, url: server.url, timeoutMs: 60 });
    await expect(hasty.score(items)).rejects.toMatchObject({ failure: { kind: 'transient', reason: 'timeout' } });
    answer = (response) => response.writeHead(500).end();
    await expect(detector.score(items)).rejects.toMatchObject({
      failure: { kind: 'transient', reason: 'server_error' },
    });
  });

  it('refuses a batch that is too large, or names an item twice, before it sends anything', async () => {
    const before = server.received.length;
    const many = Array.from({ length: largestBatch + 1 }, (_, i) => ({ id: `i${i}`, text: '' }));
    await expect(detector.score(many)).rejects.toThrow(RangeError);
    await expect(detector.score([...items, ...items])).rejects.toThrow(RangeError);
    expect(server.received).toHaveLength(before);
  });
});
