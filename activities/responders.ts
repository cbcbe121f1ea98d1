import type { ResolvedPerson } from '#domain/escalation/messages.ts';
import type { LadderEvent, Of, ResolvePeople, ResolveRung } from '#domain/escalation/messages.ts';
import type { PersonSource } from '#domain/escalation/ladder-parts.ts';
import type { HoursCondition, Target, Urgency, WorkingHours } from '#domain/escalation/policy.ts';
import { isWithinWorkingHours } from '#domain/oncall/working-hours.ts';
import { planNotifications } from '#domain/oncall/notification-rules.ts';
import { rosterClock } from '#domain/oncall/on-call.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import type { Database } from '#db/client.ts';
import { findReachable, findSchedules, takeTurn } from '#db/repositories/oncall.ts';

/**
 * Who is to be paged, looked up at the moment of asking and recorded in the history by being an activity's result.
 *
 * `at` is the workflow's own time: it also counts the deadlines that follow from the answer. A person whom no rule
 * reaches is still named, with no rules: the ladder records that and goes on.
 */
export function createResponderActivities(db: Database) {
  return {
    async resolveRung(
      effect: ResolveRung,
      workingHours: WorkingHours | null,
      at: number,
    ): Promise<Of<LadderEvent, 'rungResolved'>> {
      const schedules = await findSchedules(db, scheduleIds(effect.targets));
      const found: Found[] = [];
      let resampleAt: number | null = null;
      for (const target of effect.targets) {
        if (target.kind === 'person') {
          found.push({ personId: target.personId, source: { kind: 'person' }, shadow: false });
          continue;
        }
        const schedule = schedules.get(target.scheduleId);
        if (!schedule) continue;
        if (target.kind === 'round_robin') {
          const personId =
            effect.purpose === 'rung'
              ? await db.transaction((tx) => takeTurn(tx, schedule.id, membersOf(schedule)))
              : null;
          if (personId) found.push({ personId, source: sourceOf('round_robin', schedule, null), shadow: false });
          continue;
        }
        const { roster, untilAt } = rosterClock(schedule).at(at);
        const source = sourceOf('schedule', schedule, roster.source.layerId);
        for (const personId of roster.people) found.push({ personId, source, shadow: false });
        for (const personId of roster.shadows) found.push({ personId, source, shadow: true });
        if (Number.isFinite(untilAt)) resampleAt = Math.min(resampleAt ?? untilAt, untilAt);
      }
      const hours: HoursCondition | null =
        workingHours === null ? null : isWithinWorkingHours(workingHours, at) ? 'working' : 'outside';
      return {
        type: 'rungResolved',
        effectKey: effect.key,
        pass: effect.pass,
        rung: effect.rung,
        people: await withRules(db, found, effect.urgency, at),
        hours,
        resampleAt,
      };
    },

    async resolvePeople(effect: ResolvePeople, at: number): Promise<Of<LadderEvent, 'peopleResolved'>> {
      const kind =
        effect.purpose === 'catch_all' ? 'catch_all' : effect.purpose === 'added_responder' ? 'added' : 'person';
      const found = effect.people.map(({ personId, shadow }): Found => ({ personId, source: { kind }, shadow }));
      return {
        type: 'peopleResolved',
        effectKey: effect.key,
        people: await withRules(db, found, effect.urgency, at),
      };
    },
  };
}

interface Found {
  readonly personId: string;
  readonly source: PersonSource;
  readonly shadow: boolean;
}

async function withRules(
  db: Database,
  found: readonly Found[],
  urgency: Urgency,
  at: number,
): Promise<ResolvedPerson[]> {
  // Named twice, someone is paged once, and as a responder rather than as a shadow.
  const once = new Map<string, Found>();
  for (const person of found.toSorted((a, b) => Number(a.shadow) - Number(b.shadow))) {
    if (!once.has(person.personId)) once.set(person.personId, person);
  }
  const reachable = await findReachable(db, [...once.keys()]);
  return [...once.values()].flatMap((person) => {
    const ways = reachable.get(person.personId);
    if (!ways) return [];
    const rules = planNotifications(ways.rules, urgency, ways.timeZone, at).map(
      ({ ruleId, contactMethodId, channel, dueAt }) => ({
        ruleId,
        contactMethodId,
        channel,
        delayMs: dueAt - at,
      }),
    );
    return [{ ...person, rules }];
  });
}

const scheduleIds = (targets: readonly Target[]): string[] =>
  targets.flatMap((target) => (target.kind === 'person' ? [] : [target.scheduleId]));

function sourceOf(kind: PersonSource['kind'], schedule: Schedule, layerId: string | null): PersonSource {
  const named = { kind, scheduleId: schedule.id, scheduleVersion: schedule.version };
  return layerId === null ? named : { ...named, layerId };
}

/** Everyone who stands in a rotation, each once, in the order of the document. */
const membersOf = (schedule: Schedule): string[] => [
  ...new Set(schedule.layers.flatMap((layer) => layer.participants.filter((person) => person !== null))),
];
