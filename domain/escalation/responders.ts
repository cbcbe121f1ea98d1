import { planNotifications } from '../oncall/notification-rules.ts';
import type { ReachablePerson } from '../oncall/notification-rules.ts';
import { rosterClock } from '../oncall/on-call.ts';
import type { Schedule } from '../oncall/schedule.ts';
import { isWithinWorkingHours } from '../oncall/working-hours.ts';
import type { PersonSource } from './ladder-parts.ts';
import type { Answered, Of, ResolvedPerson, ResolvePeople, ResolveRung } from './messages.ts';
import type { Target, Urgency, WorkingHours } from './policy.ts';

/** Someone whom a rung or a question names, before it is known how to reach them. */
export interface Named {
  readonly personId: string;
  readonly source: PersonSource;
  readonly shadow: boolean;
}

export interface OnRung {
  readonly people: readonly Named[];
  /** When one of the schedules next changes hands; null when none does. */
  readonly resampleAt: number | null;
}

/**
 * Who is on a rung at that moment, from the schedules as their documents stand. `turns` tells for each round robin whose
 * turn it is. A schedule that is not given has nobody.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function whoIsOnRung(
  targets: readonly Target[],
  schedules: ReadonlyMap<string, Schedule>,
  turns: ReadonlyMap<string, string>,
  at: number,
): OnRung {
  const people: Named[] = [];
  let resampleAt: number | null = null;
  for (const target of targets) {
    if (target.kind === 'person') {
      people.push({ personId: target.personId, source: { kind: 'person' }, shadow: false });
      continue;
    }
    const schedule = schedules.get(target.scheduleId);
    if (!schedule) continue;
    if (target.kind === 'round_robin') {
      const personId = turns.get(schedule.id);
      if (personId) people.push({ personId, source: sourceOf('round_robin', schedule, null), shadow: false });
      continue;
    }
    const { roster, untilAt } = rosterClock(schedule).at(at);
    const source = sourceOf('schedule', schedule, roster.source.layerId);
    for (const personId of roster.people) people.push({ personId, source, shadow: false });
    for (const personId of roster.shadows) people.push({ personId, source, shadow: true });
    if (Number.isFinite(untilAt)) resampleAt = Math.min(resampleAt ?? untilAt, untilAt);
  }
  return { people, resampleAt };
}

/** The answer to a question about a rung. A person whom no rule reaches is still named, with no rules. */
export function answerRung(
  { key, pass, rung, urgency }: ResolveRung,
  { people, resampleAt }: OnRung,
  reachable: ReadonlyMap<string, ReachablePerson>,
  workingHours: WorkingHours | null,
  at: number,
): Of<Answered, 'rungResolved'> {
  const hours = workingHours === null ? null : isWithinWorkingHours(workingHours, at) ? 'working' : 'outside';
  const resolved = withRules(people, reachable, urgency, at);
  return { type: 'rungResolved', effectKey: key, pass, rung, people: resolved, hours, resampleAt };
}

/** Whom a question about people names, with why. */
export function whoIsAsked({ purpose, people }: ResolvePeople): Named[] {
  const kind = purpose === 'catch_all' ? 'catch_all' : purpose === 'added_responder' ? 'added' : 'person';
  return people.map(({ personId, shadow }) => ({ personId, source: { kind }, shadow }));
}

/** The answer to a question about people. */
export const answerPeople = (
  effect: ResolvePeople,
  reachable: ReadonlyMap<string, ReachablePerson>,
  at: number,
): Of<Answered, 'peopleResolved'> => ({
  type: 'peopleResolved',
  effectKey: effect.key,
  people: withRules(whoIsAsked(effect), reachable, effect.urgency, at),
});

/** Each person once, with the ways that their own rules allow from that moment on. Who is not reachable is left out. */
function withRules(
  people: readonly Named[],
  reachable: ReadonlyMap<string, ReachablePerson>,
  urgency: Urgency,
  at: number,
): ResolvedPerson[] {
  // Named twice, someone is paged once, and as a responder rather than as a shadow.
  const once = new Map<string, Named>();
  for (const person of people.toSorted((a, b) => Number(a.shadow) - Number(b.shadow))) {
    if (!once.has(person.personId)) once.set(person.personId, person);
  }
  return [...once.values()].flatMap((person) => {
    const ways = reachable.get(person.personId);
    if (!ways) return [];
    const rules = planNotifications(ways.rules, urgency, ways.timeZone, at).map(
      ({ ruleId, contactMethodId, channel, dueAt }) => ({ ruleId, contactMethodId, channel, delayMs: dueAt - at }),
    );
    return [{ ...person, rules }];
  });
}

function sourceOf(kind: PersonSource['kind'], schedule: Schedule, layerId: string | null): PersonSource {
  const named = { kind, scheduleId: schedule.id, scheduleVersion: schedule.version };
  return layerId === null ? named : { ...named, layerId };
}
