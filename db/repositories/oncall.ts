import { and, asc, eq, inArray, isNotNull, isNull, notInArray, or, sql } from 'drizzle-orm';
import { provenChannels } from '#domain/oncall/contact-address.ts';
import type { Channel, NotificationRule, PersonalRules, ReachablePerson } from '#domain/oncall/notification-rules.ts';
import { memberOfTurn } from '#domain/oncall/schedule.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import type { Queryable, Transaction } from '../client.ts';
import { contactMethods, notificationRules, persons, principals, roundRobinTurns, schedules } from '../schema/index.ts';

/** Schedules by id, as their documents stand now. */
export async function findSchedules(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, Schedule>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(schedules)
    .where(inArray(schedules.id, [...ids]));
  return new Map(rows.map((row) => [row.id, toSchedule(row)]));
}

/** The document with the identity of its row. */
export const toSchedule = (row: Pick<typeof schedules.$inferSelect, 'id' | 'version' | 'document'>): Schedule => ({
  ...(row.document as Omit<Schedule, 'id' | 'version'>),
  id: row.id,
  version: row.version,
});

/** Turns whose cause is remembered; an answer is asked for again within seconds, not after a thousand others. */
const rememberedTurns = 1_000;

/**
 * Takes the next turn of a round robin over `members`, once per cause: whoever asks again for the same `causeKey`, because
 * the first answer was lost, gets the same turn.
 */
export async function takeTurn(
  tx: Transaction,
  scheduleId: string,
  causeKey: string,
  members: readonly string[],
): Promise<string | null> {
  if (members.length === 0) return null;
  // Locks the schedule's turns, so that what follows sees every turn that was taken before.
  await tx.execute(sql`
    INSERT INTO round_robin_turns (schedule_id, turn) VALUES (${scheduleId}, 0)
    ON CONFLICT (schedule_id) DO UPDATE SET turn = round_robin_turns.turn`);
  const { rows } = await tx.execute<{ turn: string }>(sql`
    WITH known AS (
      SELECT turn FROM taken_turns WHERE schedule_id = ${scheduleId} AND cause_key = ${causeKey}),
    next AS (
      UPDATE round_robin_turns SET turn = turn + 1
      WHERE schedule_id = ${scheduleId} AND NOT EXISTS (SELECT FROM known) RETURNING turn),
    forgotten AS (
      DELETE FROM taken_turns USING next
      WHERE taken_turns.schedule_id = ${scheduleId} AND taken_turns.turn <= next.turn - ${rememberedTurns}),
    taken AS (
      INSERT INTO taken_turns (schedule_id, cause_key, turn) SELECT ${scheduleId}, ${causeKey}, turn FROM next)
    SELECT turn FROM known UNION ALL SELECT turn FROM next`);
  return memberOfTurn(members, Number(rows[0]?.turn ?? 1));
}

/** How many turns each round robin has had; one that had none is missing. */
export async function readTurns(db: Queryable, scheduleIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (scheduleIds.length === 0) return new Map();
  const rows = await db
    .select()
    .from(roundRobinTurns)
    .where(inArray(roundRobinTurns.scheduleId, [...scheduleIds]));
  return new Map(rows.map(({ scheduleId, turn }) => [scheduleId, turn]));
}

/** How each person wants to be reached. Disabled people, and contact methods that are disabled or not yet proven, are left out. */
export async function findReachable(
  db: Queryable,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, ReachablePerson>> {
  if (personIds.length === 0) return new Map();
  const people = await db
    .select({ id: persons.id, timeZone: persons.timeZone, quietHours: persons.quietHours })
    .from(persons)
    .innerJoin(principals, and(eq(principals.id, persons.id), isNull(principals.disabledAt)))
    .where(inArray(persons.id, [...personIds]));
  const rules = await db
    .select({
      id: notificationRules.id,
      personId: notificationRules.personId,
      urgency: notificationRules.urgency,
      delayMinutes: notificationRules.delayMinutes,
      contactMethodId: contactMethods.id,
      channel: contactMethods.channel,
    })
    .from(notificationRules)
    .innerJoin(
      contactMethods,
      and(
        eq(contactMethods.id, notificationRules.contactMethodId),
        isNull(contactMethods.disabledAt),
        or(isNotNull(contactMethods.verifiedAt), notInArray(contactMethods.channel, [...provenChannels])),
      ),
    )
    .where(inArray(notificationRules.personId, [...personIds]))
    .orderBy(asc(notificationRules.personId), asc(notificationRules.position));
  return new Map(
    people.map(({ id, timeZone, quietHours }) => {
      const own = (urgency: 'high' | 'low'): NotificationRule[] =>
        rules
          .filter((rule) => rule.personId === id && rule.urgency === urgency)
          .map((rule) => ({
            id: rule.id,
            channel: rule.channel as Channel,
            contactMethodId: rule.contactMethodId,
            delayMinutes: rule.delayMinutes,
          }));
      return [
        id,
        { personId: id, timeZone, rules: { high: own('high'), low: own('low'), quietHours: toQuietHours(quietHours) } },
      ];
    }),
  );
}

/** Those of the people who have contact methods of which none may be used, because none that would need it is proven. */
export async function listUnproven(
  db: Queryable,
  personIds: readonly string[],
): Promise<{ readonly id: string; readonly contactMethods: number }[]> {
  if (personIds.length === 0) return [];
  const { rows } = await db.execute<{ id: string; contact_methods: number }>(sql`
    SELECT person_id AS id, count(*)::int AS contact_methods
    FROM contact_methods JOIN principals ON principals.id = person_id AND principals.disabled_at IS NULL
    WHERE person_id = ANY(${sql.param([...personIds])}) AND contact_methods.disabled_at IS NULL
    GROUP BY person_id
    HAVING bool_and(verified_at IS NULL AND channel = ANY(${sql.param([...provenChannels])}))
    ORDER BY person_id`);
  return rows.map(({ id, contact_methods: contactMethods }) => ({ id, contactMethods }));
}

/** `22:00-07:00`, as it is stored. */
export function toQuietHours(text: string | null): PersonalRules['quietHours'] {
  const [startTime, endTime] = text?.split('-') ?? [];
  return startTime && endTime ? { startTime, endTime } : null;
}
