import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainModel } from './bayes.ts';
import { createClassifier } from './classifier.ts';
import { failureOf, postJson, setFault } from './test-client.ts';

const model = trainModel(
  Array.from({ length: 20 }, () => [
    { text: 'buy cheap pills now', label: 'spam' as const },
    { text: 'a patch for the parser in my tree', label: 'ham' as const },
  ]).flat(),
);

let dir: string;
let app: FastifyInstance;
let url: string;
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'vigil-classifier-'));
  app = createClassifier({ model, logFile: path.join(dir, 'classifier.ndjson') });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  rmSync(dir, { recursive: true });
});

const score = async (body: unknown, signal?: AbortSignal) => await postJson(`${url}/v1/score`, body, signal);
const items = [
  { id: 'a', text: 'cheap pills' },
  { id: 'b', text: 'the parser' },
];

describe('POST /v1/score', () => {
  it('scores each item and names its model', async () => {
    const response = await score({ items });
    expect(response.status).toBe(200);
    const body = (await response.json()) as { model: string; results: { id: string; score: number; label: string }[] };
    expect(body.model).toBe(model.name);
    expect(body.results.map(({ id, label }) => [id, label])).toEqual([
      ['a', 'spam'],
      ['b', 'ham'],
    ]);
    expect(body.results.every((result) => result.score >= 0 && result.score <= 1)).toBe(true);
  });

  it('writes counts down and no text', () => {
    const log = readFileSync(path.join(dir, 'classifier.ndjson'), 'utf8');
    expect(log).toContain('"type":"scored","items":2,"spam":1');
    expect(log).not.toContain('pills');
  });

  it.each([
    ['no items', { items: [] }, 422],
    ['an id twice', { items: [items[0], items[0]] }, 422],
    ['an unknown field', { items: [{ ...items[0], more: 1 }] }, 422],
    ['a text that is none', { items: [{ id: 'a', text: 5 }] }, 422],
    ['a text over 20,000 characters', { items: [{ id: 'a', text: 'x'.repeat(20_001) }] }, 422],
    ['over 500 items', { items: Array.from({ length: 501 }, (_, n) => ({ id: `${n}`, text: '' })) }, 422],
    ['no JSON', '{', 400],
    ['over 4 MiB', 'x'.repeat(4 * 1024 * 1024 + 1), 413],
  ])('refuses %s', async (_, body, status) => {
    expect((await score(body)).status).toBe(status);
  });

  it('takes text full of odd characters', async () => {
    expect((await score({ items: [{ id: 'a', text: '\u0000\uD800 __proto__ \u{1F600}' }] })).status).toBe(200);
  });

  it('misbehaves on request', async () => {
    await setFault(url, { mode: 'garbage' });
    await setFault(url, { mode: 'hang' });
    expect((await score({ items })).headers.get('content-type')).toBe('text/html');
    expect(await failureOf(score({ items }, AbortSignal.timeout(100)))).toBe('TimeoutError');
    expect((await score({ items })).status).toBe(200);
  });

  it('answers GET /healthz', async () => {
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  });
});
