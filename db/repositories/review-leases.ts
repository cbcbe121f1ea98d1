import { asc, eq, sql } from 'drizzle-orm';
import type { Person } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import { claim, defaultLeaseTerms, renew } from '#domain/review/lease.ts';
import type { LeasableTask, LeaseAnswer, ReviewerStanding } from '#domain/review/lease.ts';
import { mayReview } from '#domain/review/reviewers.ts';
import type { Transaction } from '../client.ts';
import { databaseNow } from '../now.ts';
import { cases, reviewQueues, reviewTasks } from '../schema/index.ts';
import { audit } from './audit-events.ts';
import { leaveCommand } from './commands.ts';

/** Roles and the sensitivity of the queue decide who may see a task; queues have no lists of members of their own. */
export const anyQueue: ReviewerStanding = { queueAllowed: true, optedOutOf: [], exposureLeft: true };

export type ReviewTask = typeof reviewTasks.$inferSelect;

/**
 * Claims the next task of a queue for a person: worst severity first, then the most urgent. Null when there is none.
 *
 * Two claims at the same instant get different tasks: each passes over rows that the other has locked. Cost does not
 * depend on the length of the queue. The lease is recorded with its fencing token.
 */
export async function claimNext(
  tx: Transaction,
  queueId: string,
  person: Person,
  teamId: string,
): Promise<ReviewTask | null> {
  const [queue] = await tx.select().from(reviewQueues).where(eq(reviewQueues.id, queueId));
  if (!queue || queue.teamId !== teamId) throw new VigilError('resource.not_found');
  if (!mayReview(person, queue.sensitive)) throw new VigilError('task.not_for_you');
  const [task] = await tx
    .select()
    .from(reviewTasks)
    .where(
      sql`${reviewTasks.queueId} = ${queueId} AND ${reviewTasks.status} = 'open'
        AND (${reviewTasks.leaseExpiresAt} IS NULL OR ${reviewTasks.leaseExpiresAt} <= now())
        AND NOT ${person.id} = ANY(${reviewTasks.excluded})`,
    )
    .orderBy(asc(reviewTasks.severity), asc(reviewTasks.dueAt), asc(reviewTasks.id))
    .limit(1)
    .for('update', { skipLocked: true });
  return task ? grant(tx, task, person, claim) : null;
}

/** Claims one task by name. Fails with the reason when someone else holds it or the person may not see it. */
export async function claimTask(tx: Transaction, taskId: string, person: Person): Promise<ReviewTask> {
  return grant(tx, await lockTask(tx, taskId), person, claim);
}

export async function renewLease(tx: Transaction, taskId: string, person: Person, token: number): Promise<ReviewTask> {
  return grant(tx, await lockTask(tx, taskId), person, (task, who, standing, terms, now) =>
    renew(task, who, standing, token, terms, now),
  );
}

/** Gives a task back undecided: the next reviewer may claim it at once. */
export async function releaseLease(tx: Transaction, taskId: string, person: Person, token: number): Promise<void> {
  const task = await lockTask(tx, taskId);
  if (task.leaseOwner !== person.id || task.leaseToken !== token) throw new VigilError('task.lease_lost');
  await tx
    .update(reviewTasks)
    .set({ leaseExpiresAt: sql`now()` })
    .where(eq(reviewTasks.id, taskId));
  await audit(
    tx,
    { kind: 'case', id: task.caseId },
    { actor: person, action: 'case.leaseReleased', cause: taskId, data: { taskId, token } },
  );
}

async function grant(
  tx: Transaction,
  task: ReviewTask,
  person: Person,
  rule: (
    task: LeasableTask,
    person: Person,
    standing: ReviewerStanding,
    terms: typeof defaultLeaseTerms,
    now: number,
  ) => LeaseAnswer,
): Promise<ReviewTask> {
  const at = await databaseNow(tx);
  const answer = rule(await leasable(tx, task), person, anyQueue, defaultLeaseTerms, at);
  if (answer.outcome === 'refused') throw new VigilError(answer.code, answer.detail ?? {});
  const isNewClaim = answer.lease.token !== task.leaseToken;
  const [updated] = await tx
    .update(reviewTasks)
    .set({
      leaseOwner: answer.lease.owner,
      leaseToken: answer.lease.token,
      leaseClaimedAt: new Date(answer.lease.claimedAt),
      leaseExpiresAt: new Date(answer.lease.expiresAt),
      firstLookAt: task.firstLookAt ?? new Date(at),
    })
    .where(eq(reviewTasks.id, task.id))
    .returning();
  if (!updated) throw new Error('a locked task is gone');
  if (isNewClaim) {
    await audit(
      tx,
      { kind: 'case', id: task.caseId },
      {
        actor: person,
        action: 'case.taskClaimed',
        cause: task.id,
        data: { taskId: task.id, token: answer.lease.token },
      },
    );
    if (task.firstLookAt === null) {
      await leaveCommand(tx, {
        mode: 'signal',
        name: 'taskClaimed',
        kind: 'case',
        aggregateId: task.caseId,
        idempotencyKey: `claimed:${task.id}`,
        priority: task.severity,
        actor: person,
        input: { taskId: task.id },
      });
    }
  }
  return updated;
}

/** The task, locked. Fails with `resource.not_found`. */
export async function lockTask(tx: Transaction, taskId: string): Promise<ReviewTask> {
  const [task] = await tx.select().from(reviewTasks).where(eq(reviewTasks.id, taskId)).for('update');
  if (!task) throw new VigilError('resource.not_found');
  return task;
}

/** The task as the rules of leases see it. */
export async function leasable(tx: Transaction, task: ReviewTask): Promise<LeasableTask> {
  const [subject] = await tx.select({ harm: cases.harm }).from(cases).where(eq(cases.id, task.caseId));
  const [queue] = await tx
    .select({ sensitive: reviewQueues.sensitive })
    .from(reviewQueues)
    .where(eq(reviewQueues.id, task.queueId));
  return {
    status: task.status as LeasableTask['status'],
    harm: subject?.harm ?? '',
    sensitive: queue?.sensitive ?? false,
    excludedPersonIds: task.excluded,
    lease:
      task.leaseOwner && task.leaseClaimedAt && task.leaseExpiresAt
        ? {
            owner: task.leaseOwner,
            token: task.leaseToken,
            claimedAt: task.leaseClaimedAt.getTime(),
            expiresAt: task.leaseExpiresAt.getTime(),
          }
        : null,
  };
}
