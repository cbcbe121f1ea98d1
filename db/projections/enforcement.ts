import { eq, sql } from 'drizzle-orm';
import { orderMachine } from '#domain/enforcement/machine.ts';
import type { Order } from '#domain/enforcement/order.ts';
import type { Project } from '../repositories/record.ts';
import { enforcementOrders } from '../schema/index.ts';
import { newest } from './newest.ts';

/** An enforcement order's row. */
export const projectEnforcement: Project = async (tx, id, transitions) => {
  const order = newest(transitions).state as unknown as Order;
  await tx
    .update(enforcementOrders)
    .set({
      version: order.version,
      status: order.status,
      state: order,
      approvedBy: order.approvedBy,
      endsAt: order.endsAt === null ? null : new Date(order.endsAt),
      updatedAt: sql`now()`,
      ...(orderMachine.isFinal(order) ? { closedAt: sql`coalesce(${enforcementOrders.closedAt}, now())` } : {}),
    })
    .where(eq(enforcementOrders.id, id));
};
