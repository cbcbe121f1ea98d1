import { and, asc, eq, sql } from 'drizzle-orm';
import { isSensitive } from '#domain/harms.ts';
import { VigilError } from '#domain/errors.ts';
import type { CaseEffect, ReviewCase } from '#domain/review/case.ts';
import { route } from '#domain/review/routing.ts';
import type { RoutingFacts, RoutingTable } from '#domain/review/routing.ts';
import { worse } from '#domain/severity.ts';
import type { Transaction } from '../client.ts';
import { derivedId } from '../ids.ts';
import { caseSignals, cases, products, reviewQueues, reviewTasks } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import { lockChain } from './audit-events.ts';
import { leaveCommand } from './commands.ts';
import { refileLateSignals } from './signals.ts';

type EffectOf<T extends CaseEffect['type']> = Extract<CaseEffect, { type: T }>;

/**
 * Puts a task of the case into the queue that routing picks among those of its team; returns the task's id. One task per
 * round: a retry finds it. Fails with `case.no_queue` when the team has none that may take it.
 *
 * Tries may go on for long, so the recorded case is asked, under the lock that its record takes: a round that it has left
 * meanwhile gets no task, which nobody could ever settle.
 */
export async function createTask(tx: Transaction, caseId: string, effect: EffectOf<'createTask'>): Promise<string> {
  await lockChain(tx, { kind: 'case', id: caseId });
  const [subject] = await tx
    .select({ productId: cases.productId, harm: cases.harm, teamId: cases.teamId, state: cases.state })
    .from(cases)
    .where(eq(cases.id, caseId));
  if (!subject) throw new VigilError('resource.not_found');
  const taskId = derivedId('reviewTask', caseId, String(effect.round));
  const state = subject.state as ReviewCase | null;
  if (state?.task?.round !== effect.round) return taskId;
  const { sensitive, tier, purpose } = effect;
  const severity = worse(effect.severity, state.severity);
  const { productId, harm } = subject;
  const queueId = await pickQueue(tx, subject.teamId, { productId, harm, severity, sensitive, tier, purpose });
  await tx
    .insert(reviewTasks)
    .values({
      id: taskId,
      caseId,
      queueId,
      round: effect.round,
      severity,
      status: 'open',
      dueAt: new Date(effect.dueAt),
      excluded: [...effect.excludedPersonIds],
    })
    .onConflictDoNothing();
  return taskId;
}

/** A queue that names harms takes those, one that names none takes the rest; sensitive harm stays in sensitive queues. */
async function pickQueue(tx: Transaction, teamId: string, facts: RoutingFacts): Promise<string> {
  const queues = await tx
    .select()
    .from(reviewQueues)
    .where(eq(reviewQueues.teamId, teamId))
    .orderBy(asc(reviewQueues.position), asc(reviewQueues.id));
  const general = (sensitive: boolean) =>
    queues.find((queue) => queue.harms.length === 0 && queue.sensitive === sensitive);
  const table: RoutingTable = {
    rules: queues
      .filter((queue) => queue.harms.length > 0)
      .map((queue) => ({
        ruleId: queue.id,
        queueId: queue.id,
        when: { harm: queue.harms, sensitive: [queue.sensitive] },
      })),
    defaultQueueId: general(false)?.id ?? noQueue,
    sensitiveDefaultQueueId: general(true)?.id ?? noQueue,
  };
  const { queueId } = route(
    table,
    facts,
    queues.map((queue) => queue.id),
  );
  if (queueId === noQueue) throw new VigilError('case.no_queue', { harm: facts.harm, sensitive: facts.sensitive });
  return queueId;
}

const noQueue = '';

export async function withdrawTask(tx: Transaction, caseId: string, round: number): Promise<void> {
  await tx
    .update(reviewTasks)
    .set({ status: 'withdrawn', settledAt: sql`now()` })
    .where(and(eq(reviewTasks.caseId, caseId), eq(reviewTasks.round, round), eq(reviewTasks.status, 'open')));
}

export async function raiseTask(tx: Transaction, caseId: string, round: number, severity: number): Promise<void> {
  await tx
    .update(reviewTasks)
    .set({ severity: sql`least(${reviewTasks.severity}, ${severity}::smallint)` })
    .where(and(eq(reviewTasks.caseId, caseId), eq(reviewTasks.round, round), eq(reviewTasks.status, 'open')));
}

/** Wakes someone for the case, on the escalation service of its product. The page names the harm, never the content. */
export async function escalateCase(tx: Transaction, caseId: string, effect: EffectOf<'openEscalation'>): Promise<void> {
  const subject = await withProduct(tx, caseId);
  await acceptTrigger(tx, {
    serviceId: subject.serviceId,
    dedupKey: effect.dedupKey,
    severity: effect.severity,
    title: `${titles[effect.reason]}: ${subject.harm} on ${subject.productName}`,
    reportedBy: 'vigil',
    sensitive: isSensitive(subject.harm),
    causeKey: `case:${caseId}:${effect.key}`,
    ...(effect.canaryId === null ? {} : { canaryId: effect.canaryId }),
  });
}

export async function resolveCaseEscalation(
  tx: Transaction,
  caseId: string,
  effect: EffectOf<'resolveEscalation'>,
): Promise<void> {
  const { serviceId } = await withProduct(tx, caseId);
  await acceptResolve(tx, { serviceId, dedupKey: effect.dedupKey, reportedBy: 'vigil' });
}

export async function holdLaunch(tx: Transaction, caseId: string, launchId: string): Promise<void> {
  await leaveCommand(tx, {
    mode: 'signal',
    name: 'caseLinked',
    kind: 'launch',
    aggregateId: launchId,
    idempotencyKey: `caseLinked:${caseId}`,
    priority: 1,
    input: { caseId, severity: 1 },
  });
}

/**
 * Gives the signals of a merged case to the one that goes on, and tells that case. Should that one be decided or over by
 * now, nobody judged them: they open the next case of their account.
 */
export async function moveSignals(tx: Transaction, caseId: string, effect: EffectOf<'moveSignals'>): Promise<void> {
  const [into] = await tx.select().from(cases).where(eq(cases.id, effect.into)).for('update');
  if (!into || into.decidedAt !== null || into.closedAt !== null) {
    await refileLateSignals(tx, caseId, 0);
    return;
  }
  const moved = await tx
    .update(caseSignals)
    // A decision that was sent before they came does not count for them.
    .set({ caseId: effect.into, seq: sql`nextval('fact_seq')` })
    .where(eq(caseSignals.caseId, caseId))
    .returning({ id: caseSignals.signalId });
  if (moved.length === 0) return;
  await tx
    .update(cases)
    .set({ signalCount: sql`${cases.signalCount} + ${moved.length}` })
    .where(eq(cases.id, effect.into));
  const [source] = await tx.select({ state: cases.state }).from(cases).where(eq(cases.id, caseId));
  const detectorVersionId = (source?.state as ReviewCase | null)?.detectorVersionIds[0];
  if (detectorVersionId === undefined) return;
  await leaveCommand(tx, {
    mode: 'signal',
    name: 'signalAdded',
    kind: 'case',
    aggregateId: effect.into,
    idempotencyKey: `merged:${caseId}`,
    priority: effect.severity,
    input: { severity: effect.severity, detectorVersionId },
  });
}

async function withProduct(tx: Transaction, caseId: string) {
  const [subject] = await tx
    .select({ harm: cases.harm, serviceId: products.serviceId, productName: products.name })
    .from(cases)
    .innerJoin(products, eq(products.id, cases.productId))
    .where(eq(cases.id, caseId));
  if (!subject) throw new VigilError('resource.not_found');
  return subject;
}

const titles: Readonly<Record<EffectOf<'openEscalation'>['reason'], string>> = {
  severity_1: 'Severity 1 case',
  sla_first_look: 'Nobody has looked at a case in time',
  sla_decision: 'A case was not decided in time',
  reviewer_escalated: 'A reviewer escalated a case',
  all_skipped: 'Reviewers passed a case on',
  drill: 'Synthetic case',
};
