import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayMs, toIso } from '#domain/time.ts';
import { addWorkingDays } from './working-days.ts';

const at = (text: string) => Date.parse(text);

describe('addWorkingDays', () => {
  it.each([
    ['2026-03-13T10:00:00.000Z', 1, '2026-03-16T10:00:00.000Z', 'Friday to Monday'],
    ['2026-03-16T10:00:00.000Z', -1, '2026-03-13T10:00:00.000Z', 'Monday back to Friday'],
    ['2026-03-14T10:00:00.000Z', 1, '2026-03-16T10:00:00.000Z', 'Saturday to Monday'],
    ['2026-03-15T10:00:00.000Z', -1, '2026-03-13T10:00:00.000Z', 'Sunday back to Friday'],
    ['2026-03-16T00:00:00.000Z', -45, '2026-01-12T00:00:00.000Z', 'nine weeks back'],
    ['2026-03-16T23:59:59.999Z', 0, '2026-03-16T23:59:59.999Z', 'none'],
  ])('%s %i → %s (%s)', (from, days, to) => {
    expect(toIso(addWorkingDays(at(from), days))).toBe(to);
  });

  it('goes five working days in every seven, and back to where a working day began', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 60 }), (epochDay, days) => {
        const later = addWorkingDays(epochDay * dayMs, days);
        expect(later).toBeGreaterThanOrEqual((epochDay + days) * dayMs);
        expect(later).toBeLessThanOrEqual((epochDay + days + 2 * Math.ceil((days + 2) / 5)) * dayMs);
        expect(addWorkingDays(addWorkingDays(later, days), -days)).toBe(later);
      }),
    );
  });
});
