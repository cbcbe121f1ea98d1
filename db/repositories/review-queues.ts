import { and, asc, count, eq, sql } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { cases, policies, policyVersions, reviewQueues, reviewTasks } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type QueueRow = typeof reviewQueues.$inferSelect;
export type TaskRow = typeof reviewTasks.$inferSelect;

export interface NewQueue {
  readonly teamId: string;
  readonly key: string;
  readonly title: string;
  readonly sensitive: boolean;
  readonly harms: string[];
  readonly position: number;
}

/** Null when the key is taken. */
export async function insertQueue(db: Queryable, queue: NewQueue): Promise<QueueRow | null> {
  const [row] = await db
    .insert(reviewQueues)
    .values({ id: newId('reviewQueue'), ...queue })
    .onConflictDoNothing({ target: reviewQueues.key })
    .returning();
  return row ?? null;
}

export async function findQueue(db: Queryable, id: string): Promise<QueueRow | null> {
  const [row] = await db.select().from(reviewQueues).where(eq(reviewQueues.id, id));
  return row ?? null;
}

export async function listQueues(db: Queryable, teams: readonly string[] | null, page: Page): Promise<QueueRow[]> {
  const { where, orderBy, limit } = newestFirst(reviewQueues.createdAt, reviewQueues.id, page);
  return db
    .select()
    .from(reviewQueues)
    .where(and(where, ofTeams(reviewQueues.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** How many tasks wait, and since when the oldest is due. */
export async function queueLoad(db: Queryable, queueId: string): Promise<{ open: number; oldestDueAt: Date | null }> {
  const [row] = await db
    .select({ open: count(), oldestDueAt: sql<string | null>`min(${reviewTasks.dueAt})` })
    .from(reviewTasks)
    .where(and(eq(reviewTasks.queueId, queueId), eq(reviewTasks.status, 'open')));
  return { open: row?.open ?? 0, oldestDueAt: row?.oldestDueAt ? new Date(row.oldestDueAt) : null };
}

/** Open tasks in the order in which they are claimed. */
export async function listOpenTasks(db: Queryable, queueId: string, limit: number): Promise<TaskRow[]> {
  return db
    .select()
    .from(reviewTasks)
    .where(and(eq(reviewTasks.queueId, queueId), eq(reviewTasks.status, 'open')))
    .orderBy(asc(reviewTasks.severity), asc(reviewTasks.dueAt), asc(reviewTasks.id))
    .limit(limit);
}

/** A task with its queue, its case and the policy text that the case is pinned to. */
export async function findTask(db: Queryable, taskId: string) {
  const [row] = await db
    .select({ task: reviewTasks, queue: reviewQueues, case: cases, policyVersion: policyVersions, policy: policies })
    .from(reviewTasks)
    .innerJoin(reviewQueues, eq(reviewQueues.id, reviewTasks.queueId))
    .innerJoin(cases, eq(cases.id, reviewTasks.caseId))
    .innerJoin(policyVersions, eq(policyVersions.id, cases.policyVersionId))
    .innerJoin(policies, eq(policies.id, policyVersions.policyId))
    .where(eq(reviewTasks.id, taskId));
  return row ?? null;
}
export type FoundTask = NonNullable<Awaited<ReturnType<typeof findTask>>>;
