import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newIntegrationDocument } from './integration.ts';
import { senderMapping } from './mapping.ts';

const documentsIn = (file: string): unknown[] => {
  const text = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```json document\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json) as unknown);
};

describe('a document of an integration', () => {
  it('can be written as the guides show it', () => {
    const shown = ['senders.md', 'migrate.md'].flatMap(documentsIn);
    expect(shown.length).toBeGreaterThanOrEqual(4);
    for (const document of shown) expect(() => newIntegrationDocument.parse(document)).not.toThrow();
  });

  it.each([
    ['a place that is no pointer', { dedupKey: { from: ['id'] } }],
    ['a tilde that stands for nothing', { title: { from: ['/a~2'] } }],
    ['no place for the key', { dedupKey: { from: [] } }],
    ['an action that there is not', { action: { values: { ok: 'close' } } }],
    ['a severity that there is not', { severity: { values: { red: 5 } } }],
    ['a whole body as its list', { items: '$/alerts' }],
    ['more places than eight', { title: { from: Array.from({ length: 9 }, () => '/a') } }],
    ['a preset that there is not', { preset: 'nagios' }],
    ['a field that it does not know', { expression: '1 + 1' }],
  ])('cannot have %s', (_what, mapping) => {
    expect(senderMapping.safeParse(mapping).success).toBe(false);
  });
});
