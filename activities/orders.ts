import type { OrderEffect } from '#domain/enforcement/order.ts';
import type { Database } from '#db/client.ts';
import { writeStatement } from '#db/repositories/enforcement-notices.ts';
import { recordStrike, voidStrike } from '#db/repositories/enforcement.ts';
import { escalateOrder, resolveOrderEscalation, tellCase } from '#db/repositories/order-effects.ts';

type EffectOf<T extends OrderEffect['type']> = Extract<OrderEffect, { type: T }>;

/** What an enforcement order does beside calling the platform. All of it is Postgres; each call can be repeated. */
export const createOrderActivities = (db: Database) => ({
  recordStrike: (orderId: string, effect: EffectOf<'recordStrike'>): Promise<void> => recordStrike(db, orderId, effect),
  voidStrike: (orderId: string): Promise<void> => voidStrike(db, orderId),
  writeStatement: (orderId: string, effect: EffectOf<'writeStatementOfReasons'>): Promise<void> =>
    writeStatement(db, orderId, effect),
  escalateOrder: (orderId: string, effect: EffectOf<'openEscalation'>): Promise<void> =>
    db.transaction((tx) => escalateOrder(tx, orderId, effect)),
  resolveOrderEscalation: (orderId: string, effect: EffectOf<'resolveEscalation'>): Promise<void> =>
    db.transaction((tx) => resolveOrderEscalation(tx, orderId, effect)),
  tellCase: (orderId: string, effect: EffectOf<'tellCase'>): Promise<void> =>
    db.transaction((tx) => tellCase(tx, orderId, effect)),
});
