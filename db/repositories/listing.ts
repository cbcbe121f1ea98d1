import { and, desc, inArray, lt, or, eq } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

export interface Page {
  /** One more than this is read, to know whether there is a next page. */
  readonly limit: number;
  readonly after: { readonly at: Date; readonly id: string } | null;
}

/** Newest first, stable under inserts: the condition and order of a list over (instant, id). */
export function newestFirst(
  at: PgColumn,
  id: PgColumn,
  page: Page,
): { where: SQL | undefined; orderBy: SQL[]; limit: number } {
  const { after } = page;
  return {
    where: after === null ? undefined : or(lt(at, after.at), and(eq(at, after.at), lt(id, after.id))),
    orderBy: [desc(at), desc(id)],
    limit: page.limit + 1,
  };
}

/** Restricts a list to the teams that the asker sees; null sees all. */
export const ofTeams = (teamId: PgColumn, teams: readonly string[] | null): SQL | undefined =>
  teams === null ? undefined : inArray(teamId, [...teams, '']);
