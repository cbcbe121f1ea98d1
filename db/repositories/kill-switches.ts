import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { enforcementOrders, killSwitches, products } from '../schema/index.ts';
import { leaveCommand } from './commands.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';

export type KillSwitchRow = typeof killSwitches.$inferSelect;

/**
 * Null when the product's switch is engaged already. Waits for calls that are about to be written to the ledger: after
 * the commit none starts.
 */
export async function engageKillSwitch(
  tx: Queryable,
  productId: string,
  engagedBy: string,
): Promise<KillSwitchRow | null> {
  await tx.select({ id: products.id }).from(products).where(eq(products.id, productId)).for('no key update');
  const [row] = await tx
    .insert(killSwitches)
    .values({ id: newId('killSwitch'), productId, engagedBy })
    .onConflictDoNothing()
    .returning();
  return row ?? null;
}

/** Null when there is none that is engaged. */
export async function releaseKillSwitch(
  db: Queryable,
  productId: string,
  id: string,
  releasedBy: string,
): Promise<KillSwitchRow | null> {
  const [row] = await db
    .update(killSwitches)
    .set({ releasedBy, releasedAt: sql`now()` })
    .where(and(eq(killSwitches.id, id), eq(killSwitches.productId, productId), isNull(killSwitches.releasedAt)))
    .returning();
  return row ?? null;
}

export async function listKillSwitches(db: Queryable, productId: string, page: Page): Promise<KillSwitchRow[]> {
  const { where, orderBy, limit } = newestFirst(killSwitches.engagedAt, killSwitches.id, page);
  return db
    .select()
    .from(killSwitches)
    .where(and(where, eq(killSwitches.productId, productId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** Tells every open order of the product that nothing holds it back any more. */
export async function tellOrdersOfRelease(tx: Transaction, productId: string, killSwitchId: string): Promise<number> {
  const open = await tx
    .select({ id: enforcementOrders.id })
    .from(enforcementOrders)
    .where(and(eq(enforcementOrders.productId, productId), isNull(enforcementOrders.closedAt)));
  for (const { id } of open) {
    await leaveCommand(tx, {
      mode: 'signal',
      name: 'killSwitchCleared',
      kind: 'enforcement',
      aggregateId: id,
      idempotencyKey: `killSwitch:${killSwitchId}:${id}`,
      priority: 3,
      input: {},
    });
  }
  return open.length;
}
