import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { teams } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type TeamRow = typeof teams.$inferSelect;

/** Null when the key is taken. */
export async function insertTeam(
  db: Queryable,
  team: { readonly key: string; readonly name: string },
): Promise<TeamRow | null> {
  const [row] = await db
    .insert(teams)
    .values({ id: newId('team'), ...team })
    .onConflictDoNothing({ target: teams.key })
    .returning();
  return row ?? null;
}

export async function findTeam(db: Queryable, id: string): Promise<TeamRow | null> {
  const [row] = await db.select().from(teams).where(eq(teams.id, id));
  return row ?? null;
}

export async function listTeams(db: Queryable, visible: readonly string[] | null, page: Page): Promise<TeamRow[]> {
  const { where, orderBy, limit } = newestFirst(teams.createdAt, teams.id, page);
  return db
    .select()
    .from(teams)
    .where(and(where, ofTeams(teams.id, visible)))
    .orderBy(...orderBy)
    .limit(limit);
}
