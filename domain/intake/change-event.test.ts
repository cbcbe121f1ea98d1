import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../json.ts';
import { readChange } from './change-event.ts';

const routingKey = 'a'.repeat(32);
type Fields = { readonly [key: string]: Json };

describe('case 21: a change event', () => {
  const change = (more: Fields = {}): Json => ({
    routing_key: routingKey,
    payload: { summary: 'Deployed 2.1', ...more },
  });
  const readOne = (body: Json) => {
    const result = readChange(body);
    if ('errors' in result) throw new Error(result.errors.join());
    return result.change;
  };

  it('needs a key and a summary only', () => {
    expect(readOne(change())).toEqual({
      summary: 'Deployed 2.1',
      source: null,
      happenedAt: null,
      details: null,
      links: [],
    });
    const full = change({ source: 'pipeline', timestamp: '2026-02-03T04:05:06Z', custom_details: { build: 2 } });
    expect(
      readOne({
        ...(full as Fields),
        links: [{ href: 'https://build.example' }, { href: 'javascript:alert(1)' }, 'https://x', null],
      }),
    ).toEqual({
      summary: 'Deployed 2.1',
      source: 'pipeline',
      happenedAt: Date.UTC(2026, 1, 3, 4, 5, 6),
      details: { build: 2 },
      links: [{ href: 'https://build.example', text: null }],
    });
    expect(readChange({})).toEqual({
      errors: [
        "'routing_key' cannot be blank",
        "'payload' is missing or blank",
        "'payload.summary' is missing or blank",
      ],
    });
  });

  it('has a summary of at most 1,024 characters', () => {
    expect(readOne(change({ summary: '🔥'.repeat(1_024) })).summary).toHaveLength(2_048);
    expect(readChange(change({ summary: 'x'.repeat(1_025) }))).toHaveProperty('errors');
  });

  it.each([
    ['2015-07-17T08:42:58.315+0000', Date.UTC(2015, 6, 17, 8, 42, 58, 315)],
    ['2015-07-17T08:42:58.315+02:00', Date.UTC(2015, 6, 17, 6, 42, 58, 315)],
    ['2015-07-17 08:42:58-0130', Date.UTC(2015, 6, 17, 10, 12, 58)],
    ['2015-07-17T08:42:58', Date.UTC(2015, 6, 17, 8, 42, 58)],
    ['2015-07-17T08:42', Date.UTC(2015, 6, 17, 8, 42)],
    ['2015-07-17', Date.UTC(2015, 6, 17)],
    ['2015-07-17T08:42:58.123456789z', Date.UTC(2015, 6, 17, 8, 42, 58, 123)],
    ['0000-01-01T00:00:00Z', null],
    ['9999-01-01T00:00:00Z', null],
    ['2015-13-17T08:42:58Z', null],
    ['yesterday', null],
    ['1437122578', null],
  ])('happened when its timestamp says: %s', (timestamp, at) => {
    expect(readOne(change({ timestamp })).happenedAt).toBe(at);
  });

  it('never throws, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        readChange(value as Json);
        readChange({ routing_key: routingKey, payload: { summary: 'x', timestamp: value as Json } });
      }),
    );
  });
});
