import { asc, eq, sql } from 'drizzle-orm';
import { holds } from '#domain/actor.ts';
import type { Person } from '#domain/actor.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { orderProblem } from '#domain/enforcement/actions.ts';
import type { OrderedEnforcement, ReviewCase, TaskVerdict } from '#domain/review/case.ts';
import { mayDecide, mayHold } from '#domain/review/lease.ts';
import { canonicalHash } from '../audit-chain.ts';
import type { Transaction } from '../client.ts';
import { derivedId, newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { caseSignals, cases, contentItems, decisions, exposureEntries, reviewTasks, signals } from '../schema/index.ts';
import { appendToChain, audit, lockChain } from './audit-events.ts';
import { leaveCommand } from './commands.ts';
import { anyQueue, leasable, lockTask } from './review-leases.ts';
import type { ReviewTask } from './review-leases.ts';

/** What a person says of a task. */
export interface NewDecision {
  readonly leaseToken: number;
  readonly verdict: TaskVerdict;
  readonly policyVersionId: string;
  readonly enforcement: OrderedEnforcement | null;
  readonly noteId: string | null;
}

/**
 * Records a person's decision on a task: once, under the newest lease, on the policy version of the case.
 *
 * The decision, the end of the task, the audit event and the message to the case's workflow are one transaction. The
 * same decision of the same person again (a double click, a retry) finds the first one. Fails with the lease's or the
 * policy's refusal.
 */
export async function decideTask(
  tx: Transaction,
  taskId: string,
  person: Person,
  decision: NewDecision,
): Promise<{ decisionId: string; isNew: boolean }> {
  const task = await lockTask(tx, taskId);
  const made = await existingDecision(tx, taskId);
  if (
    made &&
    made.decidedBy === person.id &&
    made.verdict === decision.verdict &&
    made.leaseToken === decision.leaseToken &&
    canonicalHash(made.enforcement as Json) === canonicalHash(decision.enforcement as unknown as Json)
  ) {
    return { decisionId: made.id, isNew: false };
  }
  // The case stands still until this is committed: what it says now of the task is what it will hear the decision with.
  const aggregate = { kind: 'case', id: task.caseId };
  const head = await lockChain(tx, aggregate);
  const [subject] = await tx.select().from(cases).where(eq(cases.id, task.caseId));
  if (!subject) throw new VigilError('resource.not_found');
  const refusal = mayDecide(await leasable(tx, task), person, anyQueue, decision.leaseToken);
  if (refusal) throw new VigilError(refusal.code, refusal.detail ?? {});
  assertAwaited(subject.state as ReviewCase | null, task);
  if (subject.policyVersionId !== decision.policyVersionId) {
    throw new VigilError('case.policy_changed', { policyVersionId: subject.policyVersionId });
  }
  if (decision.enforcement) assertOrderable(decision.verdict, decision.enforcement);
  const decisionId = newId('decision');
  const isSettling = decision.verdict !== 'skip';
  if (isSettling) {
    await tx.insert(decisions).values({
      id: decisionId,
      taskId,
      caseId: task.caseId,
      verdict: decision.verdict,
      decidedBy: person.id,
      decidedAsRole: holds(person, 'sensitive_reviewer') ? 'sensitive_reviewer' : 'reviewer',
      policyVersionId: decision.policyVersionId,
      leaseToken: decision.leaseToken,
      enforcement: decision.enforcement,
      noteId: decision.noteId,
    });
  }
  await tx
    .update(reviewTasks)
    .set({ status: isSettling ? 'decided' : 'withdrawn', settledAt: sql`now()`, leaseExpiresAt: sql`now()` })
    .where(eq(reviewTasks.id, taskId));
  await appendToChain(tx, aggregate, head, [
    {
      actor: person,
      action: 'case.decided',
      reason: decision.verdict,
      cause: taskId,
      data: {
        decisionId,
        taskId,
        policyVersionId: decision.policyVersionId,
        leaseToken: decision.leaseToken,
        enforcement: decision.enforcement as unknown as Json,
        noteId: decision.noteId,
      },
    },
  ]);
  await leaveCommand(tx, {
    mode: 'update',
    name: 'decisionRecorded',
    kind: 'case',
    aggregateId: task.caseId,
    idempotencyKey: `decision:${decisionId}`,
    priority: task.severity,
    actor: person,
    input: {
      decisionId,
      taskId,
      verdict: decision.verdict,
      policyVersionId: decision.policyVersionId,
      enforcement: decision.enforcement as unknown as Json,
    },
  });
  return { decisionId, isNew: true };
}

/** A task whose withdrawal is on its way is over already: the case would drop what is decided on it. */
function assertAwaited(state: ReviewCase | null, task: ReviewTask): void {
  if (state?.task?.round !== task.round) throw new VigilError('task.settled');
}

/** Of a drill as of any case: what is ordered for a drill is kept and never carried out, and no answer tells it apart. */
function assertOrderable(verdict: TaskVerdict, { action, durationMs }: OrderedEnforcement): void {
  if (verdict !== 'violation') throw new VigilError('case.enforcement_without_violation');
  const problem = orderProblem(action, 'account', durationMs);
  if (problem !== null) throw new VigilError(problem, { action });
}

export interface ShownContent {
  readonly signalId: string;
  readonly detectorVersionId: string;
  readonly score: number;
  readonly contentId: string | null;
  readonly text: string | null;
  readonly occurredAt: Date;
}

/**
 * Shows the content of a claimed task and notes each exposure. Only the holder of the live lease is shown anything.
 */
export async function revealContent(
  tx: Transaction,
  taskId: string,
  person: Person,
  token: number,
  limit: number,
): Promise<ShownContent[]> {
  const task = await lockTask(tx, taskId);
  const refusal = mayHold(await leasable(tx, task), person, anyQueue);
  if (refusal) throw new VigilError(refusal.code, refusal.detail ?? {});
  if (task.leaseOwner !== person.id || task.leaseToken !== token) throw new VigilError('task.lease_lost');
  if (!task.leaseExpiresAt || task.leaseExpiresAt.getTime() <= (await databaseNow(tx)))
    throw new VigilError('task.lease_expired');
  const shown = await tx
    .select({
      signalId: signals.id,
      detectorVersionId: signals.detectorVersionId,
      score: signals.score,
      contentId: signals.contentId,
      text: contentItems.body,
      occurredAt: signals.occurredAt,
    })
    .from(caseSignals)
    .innerJoin(signals, eq(signals.id, caseSignals.signalId))
    .leftJoin(contentItems, eq(contentItems.id, signals.contentId))
    .where(eq(caseSignals.caseId, task.caseId))
    .orderBy(asc(caseSignals.seq))
    .limit(limit);
  const exposures = shown.flatMap(({ contentId, text }) => (contentId !== null && text !== null ? [contentId] : []));
  if (exposures.length > 0) {
    await tx
      .insert(exposureEntries)
      .values(
        [...new Set(exposures)].map((contentId) => ({
          id: derivedId('exposure', taskId, contentId, String(token)),
          personId: person.id,
          taskId,
          contentId,
        })),
      )
      .onConflictDoNothing();
    await audit(
      tx,
      { kind: 'case', id: task.caseId },
      {
        actor: person,
        action: 'case.contentShown',
        cause: taskId,
        data: { taskId, contentIds: [...new Set(exposures)] },
      },
    );
  }
  return shown;
}

async function existingDecision(tx: Transaction, taskId: string) {
  const [made] = await tx.select().from(decisions).where(eq(decisions.taskId, taskId));
  return made ?? null;
}
