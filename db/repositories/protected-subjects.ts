import { and, asc, eq, gt } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { protectedSubjects } from '../schema/index.ts';

export type ProtectedSubjectRow = typeof protectedSubjects.$inferSelect;

/** Null when the account is protected already. */
export async function protectSubject(
  db: Queryable,
  subject: { productId: string; accountRef: string; addedBy: string },
): Promise<ProtectedSubjectRow | null> {
  const [row] = await db.insert(protectedSubjects).values(subject).onConflictDoNothing().returning();
  return row ?? null;
}

/** False when the account was not protected. */
export async function unprotectSubject(db: Queryable, productId: string, accountRef: string): Promise<boolean> {
  const { rowCount } = await db
    .delete(protectedSubjects)
    .where(and(eq(protectedSubjects.productId, productId), eq(protectedSubjects.accountRef, accountRef)));
  return (rowCount ?? 0) > 0;
}

/** In the order of the references, from the one after `after`. */
export async function listProtectedSubjects(
  db: Queryable,
  productId: string,
  page: { readonly after: string; readonly limit: number },
): Promise<ProtectedSubjectRow[]> {
  return db
    .select()
    .from(protectedSubjects)
    .where(and(eq(protectedSubjects.productId, productId), gt(protectedSubjects.accountRef, page.after)))
    .orderBy(asc(protectedSubjects.accountRef))
    .limit(page.limit);
}
