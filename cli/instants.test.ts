import { describe, expect, it } from 'vitest';
import { readInstant, readSpan } from './instants.ts';
import { UsageError } from './io.ts';

const now = Date.UTC(2026, 0, 1);

describe('a time as people type it', () => {
  it.each([
    ['30m', '2026-01-01T00:30:00.000Z'],
    ['8h', '2026-01-01T08:00:00.000Z'],
    ['2d', '2026-01-03T00:00:00.000Z'],
    ['2026-01-31T09:00:00+01:00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T09:00Z', '2026-01-31T09:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(readInstant(text, now)).toBe(instant);
  });

  it.each([
    '',
    '30',
    'tomorrow',
    '2026-01-31',
    '2026-01-31T09:00:00',
    '2026-13-01T00:00:00Z',
    '-5m',
    '1e3m',
    '99999999d',
  ])('%j is none', (text) => {
    expect(() => readInstant(text, now)).toThrow(UsageError);
  });

  it('is a length of time where one is wanted', () => {
    expect(readSpan('7d')).toBe(7 * 86_400_000);
    expect(() => readSpan('2026-01-31T09:00:00Z')).toThrow(UsageError);
  });
});
