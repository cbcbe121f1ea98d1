import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { products } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type ProductRow = typeof products.$inferSelect;

export interface NewProduct {
  readonly teamId: string;
  readonly key: string;
  readonly name: string;
  readonly serviceId: string;
  readonly countries: string[];
}

/** Null when the key is taken. */
export async function insertProduct(db: Queryable, product: NewProduct): Promise<ProductRow | null> {
  const [row] = await db
    .insert(products)
    .values({ id: newId('product'), ...product })
    .onConflictDoNothing({ target: products.key })
    .returning();
  return row ?? null;
}

export async function findProduct(db: Queryable, id: string): Promise<ProductRow | null> {
  const [row] = await db.select().from(products).where(eq(products.id, id));
  return row ?? null;
}

export async function findProductByKey(db: Queryable, key: string): Promise<ProductRow | null> {
  const [row] = await db.select().from(products).where(eq(products.key, key));
  return row ?? null;
}

export async function listProducts(db: Queryable, teams: readonly string[] | null, page: Page): Promise<ProductRow[]> {
  const { where, orderBy, limit } = newestFirst(products.createdAt, products.id, page);
  return db
    .select()
    .from(products)
    .where(and(where, ofTeams(products.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
}
