import { eq } from 'drizzle-orm';
import type { FrozenPolicy } from '#domain/escalation/policy.ts';
import { schedulesOf } from '#domain/escalation/policy.ts';
import type { Schedule } from '#domain/oncall/schedule.ts';
import type { Database } from '#db/client.ts';
import { frozenService } from '#db/repositories/alerts.ts';
import { findReachable, findSchedules } from '#db/repositories/oncall.ts';
import { products } from '#db/schema/index.ts';

/** Who is paged for a product, as its service, policy and schedules stand now. */
export interface Pager {
  readonly serviceId: string;
  readonly policy: FrozenPolicy;
  readonly schedules: ReadonlyMap<string, Schedule>;
}

export async function pagerOf(db: Database, productId: string): Promise<Pager | null> {
  const [product] = await db.select({ serviceId: products.serviceId }).from(products).where(eq(products.id, productId));
  if (!product) return null;
  const { policy } = await frozenService(db, product.serviceId);
  const schedules = await findSchedules(db, policy.rungs.flatMap(schedulesOf));
  return { serviceId: product.serviceId, policy, schedules };
}

/** Those of the people whom a page would reach: active, and with a rule for urgent pages over a method that works. */
export async function reachableAmong(db: Database, personIds: Iterable<string>): Promise<ReadonlySet<string>> {
  const found = await findReachable(db, [...new Set(personIds)]);
  return new Set([...found.values()].filter(({ rules }) => rules.high.length > 0).map(({ personId }) => personId));
}
