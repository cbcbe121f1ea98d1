import { dayMs } from '../time.ts';
import type { Waiver } from './launch-parts.ts';

/** When the owner hears of a waiver's end: a week before, a day before, and a page at its end. */
const offsetsMs = [-7 * dayMs, -dayMs, 0] as const;
export const waiverReminders = ['waiver_ends_in_7_days', 'waiver_ends_in_1_day'] as const;

export const waiverRemindersPast = (expiresAt: number, now: number): number =>
  offsetsMs.filter((offsetMs) => expiresAt + offsetMs <= now).length;

/** The instant of the next reminder or of the end; a waiver that ended is taken away and has none. */
export const nextWaiverAt = ({ expiresAt, reminded }: Waiver): number => expiresAt + (offsetsMs[reminded] ?? 0);
