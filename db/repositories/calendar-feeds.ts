import { and, asc, desc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { calendarFeeds, principals, roleGrants, schedules } from '../schema/index.ts';
import type { ScheduleRow } from './schedules.ts';

const shown = {
  id: calendarFeeds.id,
  scheduleId: calendarFeeds.scheduleId,
  personId: calendarFeeds.personId,
  createdBy: calendarFeeds.createdBy,
  createdAt: calendarFeeds.createdAt,
  revokedAt: calendarFeeds.revokedAt,
};

/** A feed without its secret. */
export type FeedRow = Omit<typeof calendarFeeds.$inferSelect, 'sha256'>;

/** What a calendar shows: one schedule, or the shifts of one person in all schedules. */
export type FeedOf = { readonly scheduleId: string } | { readonly personId: string };

/** Keeps the hash only. */
export async function insertFeed(
  db: Queryable,
  feed: FeedOf & { sha256: string; createdBy: string },
): Promise<FeedRow> {
  const [row] = await db
    .insert(calendarFeeds)
    .values({ id: newId('calendarFeed'), ...feed })
    .returning(shown);
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function findFeed(db: Queryable, id: string): Promise<FeedRow | null> {
  const [row] = await db.select(shown).from(calendarFeeds).where(eq(calendarFeeds.id, id));
  return row ?? null;
}

/** Also the revoked ones, newest first. */
export async function listFeeds(db: Queryable, of: FeedOf): Promise<FeedRow[]> {
  return db
    .select(shown)
    .from(calendarFeeds)
    .where('scheduleId' in of ? eq(calendarFeeds.scheduleId, of.scheduleId) : eq(calendarFeeds.personId, of.personId))
    .orderBy(desc(calendarFeeds.createdAt), desc(calendarFeeds.id))
    .limit(200);
}

/** False when there is no such feed, or it was revoked already. */
export async function revokeFeed(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(calendarFeeds)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(calendarFeeds.id, id), isNull(calendarFeeds.revokedAt)));
  return (rowCount ?? 0) > 0;
}

/**
 * The feed behind a token's hash; null when it is unknown or revoked. A feed shows nothing that its creator may not see:
 * it ends when they, or the person whose shifts it shows, are disabled, or when they leave the schedule's team.
 */
export async function findFeedByToken(db: Queryable, sha256: string): Promise<FeedRow | null> {
  const shownPerson = alias(principals, 'shown_person');
  const [row] = await db
    .select(shown)
    .from(calendarFeeds)
    .innerJoin(principals, and(eq(principals.id, calendarFeeds.createdBy), isNull(principals.disabledAt)))
    .leftJoin(shownPerson, eq(shownPerson.id, calendarFeeds.personId))
    .leftJoin(schedules, eq(schedules.id, calendarFeeds.scheduleId))
    .where(
      and(
        eq(calendarFeeds.sha256, sha256),
        isNull(calendarFeeds.revokedAt),
        isNull(shownPerson.disabledAt),
        or(
          isNull(calendarFeeds.scheduleId),
          sql`EXISTS (SELECT 1 FROM ${roleGrants} WHERE ${roleGrants.principalId} = ${calendarFeeds.createdBy}
            AND ${roleGrants.revokedAt} IS NULL AND (${roleGrants.teamId} IS NULL OR ${roleGrants.teamId} = ${schedules.teamId}))`,
        ),
      ),
    );
  return row ?? null;
}

/** The schedules whose documents name the person anywhere. */
export async function schedulesNaming(db: Queryable, personId: string): Promise<ScheduleRow[]> {
  const rows = await db
    .select()
    .from(schedules)
    .where(sql`position(${personId} in ${schedules.document}::text) > 0`)
    .orderBy(asc(schedules.id))
    .limit(200);
  return rows as ScheduleRow[];
}

/** What people call themselves, by id. */
export async function namesOf(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: principals.id, name: principals.name })
    .from(principals)
    .where(inArray(principals.id, [...ids]));
  return new Map(rows.map(({ id, name }) => [id, name]));
}
