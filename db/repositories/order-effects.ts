import { eq } from 'drizzle-orm';
import { VigilError } from '#domain/errors.ts';
import type { OrderEffect } from '#domain/enforcement/order.ts';
import type { Transaction } from '../client.ts';
import { enforcementOrders, products } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import { leaveCommand } from './commands.ts';

type EffectOf<T extends OrderEffect['type']> = Extract<OrderEffect, { type: T }>;

const titles: Readonly<Record<EffectOf<'openEscalation'>['reason'], string>> = {
  apply_failed: 'An enforcement order could not be applied',
  lift_failed: 'An enforcement order could not be lifted',
  notice_failed: 'A notice of enforcement could not be sent',
  approval_expired: 'An enforcement order was not approved in time',
  kill_switch_held: 'A kill switch holds enforcement orders back',
};

/** Wakes someone for an order that does not go on by itself. */
export async function escalateOrder(
  tx: Transaction,
  orderId: string,
  effect: EffectOf<'openEscalation'>,
): Promise<void> {
  const { serviceId, productName } = await withProduct(tx, orderId);
  await acceptTrigger(tx, {
    serviceId,
    dedupKey: effect.dedupKey,
    severity: 2,
    title: `${titles[effect.reason]}: ${productName}`,
    reportedBy: 'vigil',
    causeKey: `enforcement:${orderId}:${effect.key}`,
  });
}

export async function resolveOrderEscalation(
  tx: Transaction,
  orderId: string,
  effect: EffectOf<'resolveEscalation'>,
): Promise<void> {
  const { serviceId } = await withProduct(tx, orderId);
  await acceptResolve(tx, { serviceId, dedupKey: effect.dedupKey, reportedBy: 'vigil' });
}

export async function tellCase(tx: Transaction, orderId: string, effect: EffectOf<'tellCase'>): Promise<void> {
  await leaveCommand(tx, {
    mode: 'signal',
    name: 'enforcementSettled',
    kind: 'case',
    aggregateId: effect.caseId,
    idempotencyKey: `order:${orderId}:${effect.key}`,
    priority: 3,
    input: { orderId, outcome: effect.outcome },
  });
}

async function withProduct(tx: Transaction, orderId: string) {
  const [subject] = await tx
    .select({ serviceId: products.serviceId, productName: products.name })
    .from(enforcementOrders)
    .innerJoin(products, eq(products.id, enforcementOrders.productId))
    .where(eq(enforcementOrders.id, orderId));
  if (!subject) throw new VigilError('resource.not_found');
  return subject;
}
