import { and, eq, isNull, sql } from 'drizzle-orm';
import type { ActionName } from '#domain/enforcement/actions.ts';
import { defaultOrderLimits } from '#domain/enforcement/order.ts';
import type { Order, OrderEffect, OrderInput } from '#domain/enforcement/order.ts';
import { pendingDuty } from '#domain/enforcement/saga.ts';
import { VigilError } from '#domain/errors.ts';
import type { Json } from '#domain/json.ts';
import { dayMs } from '#domain/time.ts';
import type { Database, Transaction } from '../client.ts';
import { derivedId } from '../ids.ts';
import {
  actionAttempts,
  cases,
  decisions,
  enforcementActions,
  enforcementOrders,
  killSwitches,
  policies,
  policyVersions,
  products,
  protectedSubjects,
  strikes,
} from '../schema/index.ts';
import { appendToChain, lockChain } from './audit-events.ts';
import { leaveCommand, systemActor } from './commands.ts';

export type EffectOf<T extends OrderEffect['type']> = Extract<OrderEffect, { type: T }>;

/** A strike counts for a year, as is usual among large platforms. */
const strikeLifeMs = 365 * dayMs;

export interface DecidedEnforcement {
  readonly decisionId: string;
  readonly action: ActionName;
  readonly durationMs: number | null;
}

/**
 * Turns a person's decision into an enforcement order and leaves the command that starts it; returns the order's id.
 *
 * One order per decision: a retry finds it. Fails with `enforcement.synthetic` for the decision of a drill.
 */
export async function openEnforcementOrder(tx: Transaction, decided: DecidedEnforcement): Promise<string> {
  const orderId = derivedId('enforcement', decided.decisionId);
  const [subject] = await tx
    .select({ decision: decisions, case: cases, policyCode: policies.key })
    .from(decisions)
    .innerJoin(cases, eq(cases.id, decisions.caseId))
    .innerJoin(policyVersions, eq(policyVersions.id, decisions.policyVersionId))
    .innerJoin(policies, eq(policies.id, policyVersions.policyId))
    .where(eq(decisions.id, decided.decisionId));
  if (!subject) throw new VigilError('resource.not_found');
  if (subject.case.synthetic) throw new VigilError('enforcement.synthetic');
  const [protection] = await tx
    .select({ accountRef: protectedSubjects.accountRef })
    .from(protectedSubjects)
    .where(
      and(
        eq(protectedSubjects.productId, subject.case.productId),
        eq(protectedSubjects.accountRef, subject.case.accountRef),
      ),
    );
  const inserted = await tx
    .insert(enforcementOrders)
    .values({
      id: orderId,
      teamId: subject.case.teamId,
      productId: subject.case.productId,
      caseId: subject.case.id,
      decisionId: decided.decisionId,
      accountRef: subject.case.accountRef,
      action: decided.action,
      durationMs: decided.durationMs,
      policyVersionId: subject.decision.policyVersionId,
      decidedBy: subject.decision.decidedBy,
      status: 'opening',
    })
    .onConflictDoNothing()
    .returning({ id: enforcementOrders.id });
  if (inserted.length === 0) return orderId;
  const input: OrderInput = {
    orderId,
    caseId: subject.case.id,
    decisionId: decided.decisionId,
    decidedBy: subject.decision.decidedBy,
    target: { kind: 'account', ref: subject.case.accountRef },
    action: decided.action,
    durationMs: decided.durationMs,
    policyVersionId: subject.decision.policyVersionId,
    policyCode: subject.policyCode,
    synthetic: false,
    protectedSubject: protection !== undefined,
    limits: defaultOrderLimits,
  };
  await leaveCommand(tx, {
    mode: 'start',
    name: 'open',
    kind: 'enforcement',
    aggregateId: orderId,
    idempotencyKey: `open:${orderId}`,
    priority: subject.case.severity,
    input: input as unknown as { [key: string]: Json },
  });
  return orderId;
}

/** `attempts`: calls of this operation that may have left, in whatever round, with the one that is about to. */
export type StartedAction = { readonly attempts: number } & (
  | { readonly go: true; readonly actionId: string; readonly untilAt: number | null; readonly policyCode: string }
  | { readonly go: false; readonly because: 'withdrawn' | 'stopped_by_kill_switch' }
);

/**
 * Writes the ledger row of a call to the platform just before the call, if the order still wants it and no kill switch
 * holds it back. Takes the chain's lock, which the record of a reversal also takes.
 */
export async function startAction(
  db: Database,
  orderId: string,
  effect: EffectOf<'applyAction' | 'liftAction'>,
): Promise<StartedAction> {
  return db.transaction(async (tx) => {
    const aggregate = { kind: 'enforcement', id: orderId };
    const head = await lockChain(tx, aggregate);
    const [row] = await tx.select().from(enforcementOrders).where(eq(enforcementOrders.id, orderId));
    const order = row?.state as Order | null | undefined;
    const isApply = effect.type === 'applyAction';
    const actionId = derivedId('enforcementAction', effect.idempotencyKey);
    const [before] = await tx.select().from(enforcementActions).where(eq(enforcementActions.id, actionId));
    const attempts = before?.attempts ?? 0;
    if (!row || !order || pendingDuty(order, effect.key) === null || (isApply && order.reversal !== null)) {
      return { go: false, because: 'withdrawn', attempts };
    }
    // A kill switch stops new restrictions; lifting one is never held back.
    if (isApply && (await isHeldBack(tx, row.productId)))
      return { go: false, because: 'stopped_by_kill_switch', attempts };
    const operation = isApply ? 'apply' : 'reverse';
    const call = { action: effect.action, idempotencyKey: effect.idempotencyKey };
    const [started] = await tx
      .insert(enforcementActions)
      .values({
        id: actionId,
        orderId,
        operation,
        ...call,
        accountRef: effect.target.ref,
        status: 'started',
        attempts: 1,
      })
      .onConflictDoUpdate({
        target: enforcementActions.id,
        set: { attempts: sql`${enforcementActions.attempts} + 1`, status: 'started' },
      })
      .returning({ startedAt: enforcementActions.startedAt });
    if (!started) throw new Error('an upsert returned no row');
    if (!before) {
      await appendToChain(tx, aggregate, head, [
        {
          actor: systemActor,
          action: 'enforcement.actionStarted',
          reason: operation,
          cause: effect.key,
          data: { actionId, operation, ...call },
        },
      ]);
    }
    // From the first attempt on: a repeated call is the same call to the last byte, or the platform must refuse its key.
    const untilAt = order.durationMs === null ? null : started.startedAt.getTime() + order.durationMs;
    return { go: true, actionId, untilAt, policyCode: order.policyCode, attempts: attempts + 1 };
  });
}

/** Holds the product's row, which engaging a switch takes for itself: a switch comes before this call, or after its row. */
async function isHeldBack(tx: Transaction, productId: string): Promise<boolean> {
  await tx.select({ id: products.id }).from(products).where(eq(products.id, productId)).for('share');
  return isKillSwitchEngaged(tx, productId);
}

/** Notes what came of one call. */
export async function settleAction(
  db: Database,
  actionId: string,
  attempt: number,
  outcome: { readonly status: 'done' | 'failed' | 'started'; readonly code: string; readonly effectId: string | null },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.insert(actionAttempts).values({
      id: derivedId('attempt', actionId, String(attempt), crypto.randomUUID()),
      actionId,
      attempt,
      outcome: outcome.code,
    });
    await tx
      .update(enforcementActions)
      .set({
        status: outcome.status,
        ...(outcome.effectId === null ? {} : { effectId: outcome.effectId }),
        settledAt: sql`now()`,
      })
      .where(and(eq(enforcementActions.id, actionId), sql`${enforcementActions.status} <> 'done'`));
  });
}

export async function recordStrike(db: Database, orderId: string, effect: EffectOf<'recordStrike'>): Promise<void> {
  await db.transaction(async (tx) => {
    const order = await orderRow(tx, orderId);
    await tx
      .insert(strikes)
      .values({
        id: derivedId('strike', orderId),
        orderId,
        productId: order.productId,
        accountRef: order.accountRef,
        weight: effect.weight,
        expiresAt: new Date(effect.appliedAt + strikeLifeMs),
      })
      .onConflictDoNothing();
  });
}

export async function voidStrike(db: Database, orderId: string): Promise<void> {
  await db
    .update(strikes)
    .set({ voidedAt: sql`now()` })
    .where(and(eq(strikes.orderId, orderId), isNull(strikes.voidedAt)));
}

export async function isKillSwitchEngaged(tx: Transaction | Database, productId: string): Promise<boolean> {
  const [engaged] = await tx
    .select({ id: killSwitches.id })
    .from(killSwitches)
    .where(and(eq(killSwitches.productId, productId), isNull(killSwitches.releasedAt)));
  return engaged !== undefined;
}

/** The order's row. Fails with `resource.not_found`. */
export async function orderRow(tx: Transaction, orderId: string) {
  const [order] = await tx.select().from(enforcementOrders).where(eq(enforcementOrders.id, orderId));
  if (!order) throw new VigilError('resource.not_found');
  return order;
}
