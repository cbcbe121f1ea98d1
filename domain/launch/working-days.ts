import { dayMs } from '../time.ts';

/** Saturday and Sunday in UTC. Public holidays are not known here: they differ between the people of one launch. */
const isWeekend = (epochDay: number): boolean => {
  // 1 January 1970 was a Thursday.
  const weekday = (((epochDay + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
};

/**
 * The instant that lies the given number of working days later, or earlier when negative, at the same time of day (UTC).
 * From a weekend the first step leads to the next (or the last) working day.
 */
export function addWorkingDays(at: number, days: number): number {
  const step = days < 0 ? -1 : 1;
  let epochDay = Math.floor(at / dayMs);
  const timeOfDayMs = at - epochDay * dayMs;
  for (let left = Math.abs(days); left > 0;) {
    epochDay += step;
    if (!isWeekend(epochDay)) left -= 1;
  }
  return epochDay * dayMs + timeOfDayMs;
}
