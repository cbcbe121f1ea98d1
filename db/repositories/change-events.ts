import { and, desc, eq, gte, lte, sql } from 'drizzle-orm';
import type { ReadChange } from '#domain/intake/change-event.ts';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { changeEvents } from '../schema/index.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';

export type ChangeEventRow = typeof changeEvents.$inferSelect;

/** Keeps a change that a sender told of. One that names no moment happened now. */
export async function insertChangeEvent(
  db: Queryable,
  by: { readonly serviceId: string; readonly reportedBy: string },
  { happenedAt, ...change }: ReadChange['change'],
): Promise<void> {
  await db.insert(changeEvents).values({
    id: newId('changeEvent'),
    ...by,
    ...change,
    happenedAt: happenedAt === null ? sql`now()` : new Date(happenedAt),
  });
}

/** The changes of a service, the latest first. */
export async function listChangeEvents(db: Queryable, serviceId: string, page: Page): Promise<ChangeEventRow[]> {
  const { where, orderBy, limit } = newestFirst(changeEvents.happenedAt, changeEvents.id, page);
  return db
    .select()
    .from(changeEvents)
    .where(and(where, eq(changeEvents.serviceId, serviceId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** The last changes of a service between two moments, at most so many; the latest first. */
export async function changesBetween(
  db: Queryable,
  serviceId: string,
  { from, to, most }: { readonly from: Date; readonly to: Date; readonly most: number },
): Promise<ChangeEventRow[]> {
  return db
    .select()
    .from(changeEvents)
    .where(
      and(eq(changeEvents.serviceId, serviceId), gte(changeEvents.happenedAt, from), lte(changeEvents.happenedAt, to)),
    )
    .orderBy(desc(changeEvents.happenedAt), desc(changeEvents.id))
    .limit(most);
}
