import { setTimeout as delay } from 'node:timers/promises';
import type { LadderEvent, Of, ResolvePeople, ResolveRung } from '#domain/escalation/messages.ts';
import type { WorkingHours } from '#domain/escalation/policy.ts';
import { answerPeople, answerRung, whoIsAsked, whoIsOnRung } from '#domain/escalation/responders.ts';
import type { Named } from '#domain/escalation/responders.ts';
import { membersOf } from '#domain/oncall/schedule.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import type { RecordInput } from '#domain/audit/transition.ts';
import type { Database } from '#db/client.ts';
import { createRecordActivity } from './record.ts';
import type { RecordDeps } from './record.ts';
import { workflowId } from './retry.ts';
import { findReachable, findSchedules, takeTurn } from '#db/repositories/oncall.ts';

/** A look-up takes milliseconds; one that takes so long waits for a lock, and is asked for again without the record. */
const lookUpWithinMs = 1_000;

type RungResolved = Of<LadderEvent, 'rungResolved'>;

/**
 * Who is to be paged, looked up at the moment of asking and recorded in the history by being an activity's result.
 *
 * `at` is the workflow's own time: it also counts the deadlines that follow from the answer. A person whom no rule
 * reaches is still named, with no rules: the ladder records that and goes on.
 */
export function createResponderActivities(deps: RecordDeps) {
  const { db } = deps;
  const { recordTransitions } = createRecordActivity(deps);

  async function resolveRung(
    effect: ResolveRung,
    workingHours: WorkingHours | null,
    at: number,
  ): Promise<RungResolved> {
    const schedules = await findSchedules(db, scheduleIds(effect));
    const onRung = whoIsOnRung(effect.targets, schedules, await takeTurns(db, effect, schedules), at);
    return answerRung(effect, onRung, await findReachable(db, idsOf(onRung.people)), workingHours, at);
  }

  return {
    resolveRung,

    /** Null: it is recorded, but the look-up failed or takes long. Whoever waits for the record must not wait for that. */
    async recordThenResolveRung(
      record: RecordInput,
      effect: ResolveRung,
      workingHours: WorkingHours | null,
      at: number,
    ): Promise<RungResolved | null> {
      await recordTransitions(record);
      const isDone = new AbortController();
      const lookUp = resolveRung(effect, workingHours, at).catch(() => null);
      const patience = delay(lookUpWithinMs, null, { signal: isDone.signal }).catch(() => null);
      return Promise.race([lookUp, patience]).finally(() => isDone.abort());
    },

    async resolvePeople(effect: ResolvePeople, at: number): Promise<Of<LadderEvent, 'peopleResolved'>> {
      return answerPeople(effect, await findReachable(db, idsOf(whoIsAsked(effect))), at);
    },
  };
}

/** The next turn of each round robin on the rung. Only to page the rung turns it; to look at it again does not. */
async function takeTurns(
  db: Database,
  { key, purpose, targets }: ResolveRung,
  schedules: ReadonlyMap<string, Schedule>,
): Promise<ReadonlyMap<string, string>> {
  const turns = new Map<string, string>();
  for (const target of purpose === 'rung' ? targets : []) {
    const schedule = target.kind === 'round_robin' ? schedules.get(target.scheduleId) : undefined;
    if (!schedule) continue;
    // One question, one turn: the workflow asks again when an answer is lost on the way.
    const cause = `${workflowId()}:${key}`;
    const personId = await db.transaction((tx) => takeTurn(tx, schedule.id, cause, membersOf(schedule)));
    if (personId) turns.set(schedule.id, personId);
  }
  return turns;
}

const scheduleIds = ({ targets }: ResolveRung): string[] =>
  targets.flatMap((target) => (target.kind === 'person' ? [] : [target.scheduleId]));

const idsOf = (people: readonly Named[]): string[] => [...new Set(people.map(({ personId }) => personId))];
