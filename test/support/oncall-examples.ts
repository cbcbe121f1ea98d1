import { handOffs } from '#domain/oncall/coverage.ts';
import type { Layer, Schedule } from '#domain/oncall/schedule.ts';
import { onCallAt } from '#domain/oncall/segments.ts';
import { validateSchedule } from '#domain/oncall/validate-schedule.ts';
import { scheduleOf } from './oncall-arbitraries.ts';

export const at = (text: string): number => Date.parse(text);

/** A valid schedule of one layer, `lay_0`: daily turns of A and B from 2020 on, but for what is said otherwise. */
export function oneLayer(zone: string, rules: Partial<Omit<Layer, 'id'>>, more: Partial<Schedule> = {}): Schedule {
  const layer = { rotation: { kind: 'daily' as const }, start: '2020-01-01T00:00', participants: ['A', 'B'], ...rules };
  const schedule = { ...scheduleOf(layer, zone), ...more };
  const problems = validateSchedule(schedule);
  if (problems.length > 0) throw new Error(`not a valid schedule: ${JSON.stringify(problems)}`);
  return schedule;
}

/** The hand-offs in UTC, to the minute. */
export const handOffTimes = (schedule: Schedule, from: string, to: string): string[] =>
  handOffs(schedule, at(from), at(to)).map((one) => new Date(one.at).toISOString().slice(0, 16));

export const whoAt = (schedule: Schedule, when: string): string => onCallAt(schedule, at(when)).onCall.join();
