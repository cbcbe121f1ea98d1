import { sql } from 'drizzle-orm';
import type { StageProbe } from './stage-window.ts';

/** The share of the orders applied in the stage that a person has reversed as wrong: on appeal, or as a mistake. */
export const appealOverturn: StageProbe = async ({ db, launch, from, to }) => {
  const { rows } = await db.execute<{ orders: number; overturned: number }>(sql`
    SELECT count(*)::int AS orders,
      (count(*) FILTER (WHERE state #>> '{reversal,reasonCode}' IN ('appeal_overturned', 'mistake')))::int AS overturned
    FROM enforcement_orders
    WHERE product_id = ${launch.productId} AND (state ->> 'appliedAt')::float8 >= ${from.getTime()} AND (state ->> 'appliedAt')::float8 < ${to.getTime()}`);
  const { orders = 0, overturned = 0 } = rows[0] ?? {};
  return { observed: orders === 0 ? null : overturned / orders, population: orders, facts: { orders, overturned } };
};
