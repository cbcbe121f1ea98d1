import { and, asc, eq, like } from 'drizzle-orm';
import type { Person } from '#domain/actor.ts';
import type { Order } from '#domain/enforcement/order.ts';
import type { OrderedEnforcement, ReviewCase, TaskVerdict } from '#domain/review/case.ts';
import { dayMs } from '#domain/time.ts';
import { claimTask } from '#db/repositories/review-leases.ts';
import type { ReviewTask } from '#db/repositories/review-leases.ts';
import { decideTask } from '#db/repositories/review.ts';
import { cases, enforcementOrders, escalations, reviewTasks } from '#db/schema/index.ts';
import { eventually } from './vigil.ts';
import { fileFinding } from './case-world.ts';
import type { CaseWorld } from './case-world.ts';

export type CaseRow = Omit<typeof cases.$inferSelect, 'state'> & { readonly state: ReviewCase | null };
export type OrderRow = Omit<typeof enforcementOrders.$inferSelect, 'state'> & { readonly state: Order | null };

export const suspension: OrderedEnforcement = { action: 'suspend_account', durationMs: 7 * dayMs };

/** The cases about an account, oldest first. */
export async function casesOf(world: CaseWorld, accountRef: string): Promise<CaseRow[]> {
  const rows = await world.db
    .select()
    .from(cases)
    .where(and(eq(cases.productId, world.productId), eq(cases.accountRef, accountRef)))
    .orderBy(asc(cases.openedAt), asc(cases.id));
  return rows as CaseRow[];
}

export async function caseRow(world: CaseWorld, caseId: string): Promise<CaseRow> {
  const [row] = await world.db.select().from(cases).where(eq(cases.id, caseId));
  if (!row) throw new Error(`no case ${caseId}`);
  return row as CaseRow;
}

/** Waits until the row of a case is as wanted. */
export const caseWhen = (world: CaseWorld, caseId: string, is: (row: CaseRow) => boolean): Promise<CaseRow> =>
  eventually(`case ${caseId}: ${is.toString()}`, async () => {
    const row = await caseRow(world, caseId);
    return is(row) ? row : null;
  });

export const tasksOf = (world: CaseWorld, caseId: string): Promise<ReviewTask[]> =>
  world.db.select().from(reviewTasks).where(eq(reviewTasks.caseId, caseId)).orderBy(asc(reviewTasks.round));

/** Waits for the task of a round, open and known to its case. */
export const taskOf = (world: CaseWorld, caseId: string, round = 1): Promise<ReviewTask> =>
  eventually(`task ${round} of ${caseId}`, async () => {
    const task = (await tasksOf(world, caseId)).find((row) => row.round === round);
    const { state } = await caseRow(world, caseId);
    return task && state?.task?.taskId === task.id ? task : null;
  });

export const claim = (world: CaseWorld, taskId: string, person: Person): Promise<ReviewTask> =>
  world.db.transaction((tx) => claimTask(tx, taskId, person));

/** Claims a task and decides it under the policy version of its case; returns the decision's id. */
export async function decide(
  world: CaseWorld,
  task: ReviewTask,
  person: Person,
  verdict: TaskVerdict,
  enforcement: OrderedEnforcement | null = null,
): Promise<string> {
  const { leaseToken } = await claim(world, task.id, person);
  const { policyVersionId } = await caseRow(world, task.caseId);
  const decision = { leaseToken, verdict, policyVersionId, enforcement, noteId: null };
  return (await world.db.transaction((tx) => decideTask(tx, task.id, person, decision))).decisionId;
}

/** Waits for the order that a case led to. */
export const orderOf = (
  world: CaseWorld,
  caseId: string,
  is: (row: OrderRow) => boolean = () => true,
): Promise<OrderRow> =>
  eventually(`an order of ${caseId}: ${is.toString()}`, async () => {
    const [row] = await world.db.select().from(enforcementOrders).where(eq(enforcementOrders.caseId, caseId));
    return row && is(row as OrderRow) ? (row as OrderRow) : null;
  });

/** Lets a finding about an account become a case, and a person's decision on it an order whose workflow has begun. */
export async function openOrder(
  world: CaseWorld,
  detectorVersionId: string,
  accountRef: string,
  enforcement: OrderedEnforcement = suspension,
): Promise<OrderRow> {
  await fileFinding(world, detectorVersionId, accountRef);
  const found = (await casesOf(world, accountRef)).at(-1);
  if (!found) throw new Error('no case was opened');
  await decide(world, await taskOf(world, found.id), world.people.reviewer, 'violation', enforcement);
  return orderOf(world, found.id, (row) => row.version > 0);
}

/** Waits until the row of an order is as wanted. */
export const orderWhen = (world: CaseWorld, orderId: string, is: (row: OrderRow) => boolean): Promise<OrderRow> =>
  eventually(`order ${orderId}: ${is.toString()}`, async () => {
    const [row] = await world.db.select().from(enforcementOrders).where(eq(enforcementOrders.id, orderId));
    return row && is(row as OrderRow) ? (row as OrderRow) : null;
  });

/** The escalations whose key begins with that, oldest first. */
export const escalationsOf = (world: CaseWorld, keyPrefix: string) =>
  world.db
    .select()
    .from(escalations)
    .where(like(escalations.dedupKey, `${keyPrefix}%`))
    .orderBy(asc(escalations.openedAt));
