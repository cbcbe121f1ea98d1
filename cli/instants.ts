import { parseLocalDateTime } from '#domain/oncall/local-time.ts';
import { isZone, zoneClock } from '#domain/oncall/zone-clock.ts';
import { UsageError } from './io.ts';

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A moment as people type it: RFC 3339, or from now on: `30m`, `8h`, `2d`. Fails with a `UsageError`. */
export function readInstant(text: string, now: number): string {
  const span = spanMs(text);
  if (span !== null) return new Date(now + span).toISOString();
  if (/^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(text) && Number.isFinite(Date.parse(text)))
    return new Date(text).toISOString();
  throw new UsageError(`${text} is no time: give it as 2026-01-31T09:00:00Z, or from now as 30m, 8h or 2d`);
}

/**
 * The same, or what the wall clock of a zone shows: `2026-12-27T03:10`. A time that the clock shows twice is the first of
 * the two; one that it skips is the moment after. Fails with a `UsageError`.
 */
export function readZonedInstant(text: string, zone: string, now: number): string {
  if (!isZone(zone)) throw new UsageError(`${zone} is no time zone: give it as Europe/London`);
  const local = parseLocalDateTime(text);
  return local === null ? readInstant(text, now) : new Date(zoneClock(zone).firstAt(local)).toISOString();
}

/** A length of time as people type it, in milliseconds. Fails with a `UsageError`. */
export function readSpan(text: string): number {
  const span = spanMs(text);
  if (span === null) throw new UsageError(`${text} is no length of time: give it as 90s, 30m, 8h or 2d`);
  return span;
}

function spanMs(text: string): number | null {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return amount === undefined ? null : Number(amount) * unitsMs[unit as keyof typeof unitsMs];
}
