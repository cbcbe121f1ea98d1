import { describe, expect, it } from 'vitest';
import { readInstant, readSpan, readZonedInstant } from './instants.ts';
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

  it.each([
    ['2026-12-27T03:10', 'Europe/London', '2026-12-27T03:10:00.000Z'],
    ['2026-07-27T03:10', 'Europe/London', '2026-07-27T02:10:00.000Z'],
    ['2026-10-25T01:30', 'Europe/London', '2026-10-25T00:30:00.000Z'],
    ['2026-03-29T01:30', 'Europe/London', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29T01:30Z', 'Asia/Tokyo', '2026-03-29T01:30:00.000Z'],
    ['8h', 'Asia/Tokyo', '2026-01-01T08:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, instant) => {
    expect(readZonedInstant(text, zone, now)).toBe(instant);
  });

  it('needs a zone that there is', () => {
    expect(() => readZonedInstant('2026-12-27T03:10', 'London', now)).toThrow(UsageError);
    expect(() => readZonedInstant('2026-02-30T03:10', 'Europe/London', now)).toThrow(UsageError);
  });
});
