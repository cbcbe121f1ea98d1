import { dayMs, minuteMs } from '../time.ts';
import { parseClockTime, startOfDay } from './local-time.ts';
import { covers } from './schedule.ts';
import type { ClockTime, Period } from './schedule.ts';
import { zoneClock } from './zone-clock.ts';
import type { ZoneClock } from './zone-clock.ts';

export type Urgency = 'high' | 'low';

/** From the quietest to the loudest: how surely the channel wakes a sleeper. */
export const channels = ['console', 'email', 'chat', 'webhook', 'push', 'sms', 'voice'] as const;
export type Channel = (typeof channels)[number];

export interface NotificationRule {
  readonly id: string;
  readonly channel: Channel;
  readonly contactMethodId: string;
  /** After the person's turn on the ladder began. */
  readonly delayMinutes: number;
}

/** How one person wants to be reached. */
export interface PersonalRules {
  readonly high: readonly NotificationRule[];
  readonly low: readonly NotificationRule[];
  /** In the person's own zone, over midnight where they end before they start. They hold back low urgency only. */
  readonly quietHours: { readonly startTime: ClockTime; readonly endTime: ClockTime } | null;
}

/** A person who may be paged: neither the person nor a contact method that the rules name is disabled. */
export interface ReachablePerson {
  readonly personId: string;
  readonly timeZone: string;
  readonly rules: PersonalRules;
}

export interface PlannedNotification {
  readonly ruleId: string;
  readonly contactMethodId: string;
  readonly channel: Channel;
  readonly dueAt: number;
}

/** A week, as a notification later than that is no notification of the same escalation. */
export const maxDelayMinutes = 7 * 24 * 60;

export interface RuleProblem {
  readonly pointer: string;
  readonly reason: 'delay' | 'duplicate_id' | 'clock_time' | 'empty' | 'whole_day' | 'low_louder_than_high';
}

/**
 * When a person is notified, and how, of something whose turn for them began at `startedAt`; in order of time.
 *
 * Promises that lower urgency is never louder: by any moment, low urgency has used no louder channel than high urgency
 * would have. To keep it, a low rule waits for the first high rule that is at least as loud, and is left out when there is
 * none; `notificationRuleProblems` tells the person beforehand. Low urgency that falls into quiet hours waits for their end.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function planNotifications(
  rules: PersonalRules,
  urgency: Urgency,
  personZone: string,
  startedAt: number,
): PlannedNotification[] {
  const clock = zoneClock(personZone);
  const planned = rules[urgency].flatMap((rule) => {
    const delayMinutes = urgency === 'high' ? rule.delayMinutes : lowDelay(rule, rules.high);
    if (delayMinutes === null) return [];
    const dueAt = startedAt + delayMinutes * minuteMs;
    return [
      {
        ruleId: rule.id,
        contactMethodId: rule.contactMethodId,
        channel: rule.channel,
        dueAt: urgency === 'high' ? dueAt : afterQuietHours(rules, clock, dueAt),
      },
    ];
  });
  // Sorting is stable: rules that are due together stay in the person's order.
  return planned.sort((a, b) => a.dueAt - b.dueAt);
}

/** What is wrong with a person's rules, each with a JSON pointer; empty when nothing is. */
export function notificationRuleProblems(rules: PersonalRules): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const seen = new Set<string>();
  if (rules.high.length === 0) problems.push({ pointer: '/high', reason: 'empty' });
  for (const urgency of ['high', 'low'] as const) {
    for (const [index, rule] of rules[urgency].entries()) {
      const pointer = `/${urgency}/${index}`;
      const isDelay =
        Number.isInteger(rule.delayMinutes) && rule.delayMinutes >= 0 && rule.delayMinutes <= maxDelayMinutes;
      if (!isDelay) problems.push({ pointer: `${pointer}/delayMinutes`, reason: 'delay' });
      if (seen.has(rule.id)) problems.push({ pointer: `${pointer}/id`, reason: 'duplicate_id' });
      seen.add(rule.id);
      if (urgency === 'low' && lowDelay(rule, rules.high) !== rule.delayMinutes) {
        problems.push({ pointer, reason: 'low_louder_than_high' });
      }
    }
  }
  if (rules.quietHours !== null) {
    for (const name of ['startTime', 'endTime'] as const) {
      if (parseClockTime(rules.quietHours[name]) === null)
        problems.push({ pointer: `/quietHours/${name}`, reason: 'clock_time' });
    }
    if (rules.quietHours.startTime === rules.quietHours.endTime)
      problems.push({ pointer: '/quietHours', reason: 'whole_day' });
  }
  return problems;
}

const loudness = (channel: Channel): number => channels.indexOf(channel);

/** The rule's own delay, or that of the first high rule which is at least as loud; null when all of those are quieter. */
function lowDelay(rule: NotificationRule, high: readonly NotificationRule[]): number | null {
  const delays = high
    .filter((other) => loudness(other.channel) >= loudness(rule.channel))
    .map((other) => other.delayMinutes);
  return delays.length === 0 ? null : Math.max(rule.delayMinutes, Math.min(...delays));
}

/** The moment itself, or the end of the quiet hours around it. */
function afterQuietHours({ quietHours }: PersonalRules, clock: ZoneClock, at: number): number {
  let dueAt = at;
  for (const night of nightsAround(quietHours, clock, at)) if (covers(night, dueAt)) dueAt = night.endAt;
  return dueAt;
}

/**
 * The quiet hours in which a moment lies; null when it lies in none.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function quietHoursAround(quietHours: PersonalRules['quietHours'], zone: string, at: number): Period | null {
  return nightsAround(quietHours, zoneClock(zone), at).find((night) => covers(night, at)) ?? null;
}

/** The night that began yesterday, the one that begins today and the next; two may touch where clocks change. */
function nightsAround(quietHours: PersonalRules['quietHours'], clock: ZoneClock, at: number): Period[] {
  const start = quietHours === null ? null : parseClockTime(quietHours.startTime);
  const end = quietHours === null ? null : parseClockTime(quietHours.endTime);
  if (start === null || end === null || start === end) return [];
  const today = startOfDay(clock.localAt(at));
  return [today - dayMs, today, today + dayMs].map((day) => ({
    startAt: clock.firstAt(day + start),
    endAt: clock.lastAt(day + end + (end > start ? 0 : dayMs)),
  }));
}
