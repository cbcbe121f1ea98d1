import type { WorkingHours } from '../escalation/policy.ts';
import { minuteMs } from '../time.ts';
import { startOfDay, weekdayOf } from './local-time.ts';
import { zoneClock } from './zone-clock.ts';

/**
 * Whether an instant is within working hours, by the wall clock of their zone. A window's start is in it, its end is not.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function isWithinWorkingHours(hours: WorkingHours, at: number): boolean {
  const local = zoneClock(hours.zone).localAt(at);
  const minute = Math.floor((local - startOfDay(local)) / minuteMs);
  return hours.windows.some(
    (window) => window.weekdays.includes(weekdayOf(local)) && window.fromMinute <= minute && minute < window.toMinute,
  );
}
