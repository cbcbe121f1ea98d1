import { desc, eq, max } from 'drizzle-orm';
import type { Queryable, Transaction } from '../client.ts';
import { newId, sha256Hex } from '../ids.ts';
import { policies, policyVersions } from '../schema/index.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';

export type PolicyRow = typeof policies.$inferSelect;
export type PolicyVersionRow = typeof policyVersions.$inferSelect;

/** Null when the key is taken. */
export async function insertPolicy(
  db: Queryable,
  policy: { key: string; title: string; harm: string },
): Promise<PolicyRow | null> {
  const [row] = await db
    .insert(policies)
    .values({ id: newId('policy'), ...policy })
    .onConflictDoNothing({ target: policies.key })
    .returning();
  return row ?? null;
}

export async function findPolicy(db: Queryable, id: string): Promise<PolicyRow | null> {
  const [row] = await db.select().from(policies).where(eq(policies.id, id));
  return row ?? null;
}

export async function listPolicies(db: Queryable, page: Page): Promise<PolicyRow[]> {
  const { where, orderBy, limit } = newestFirst(policies.createdAt, policies.id, page);
  return db
    .select()
    .from(policies)
    .where(where)
    .orderBy(...orderBy)
    .limit(limit);
}

/** Publishes the next version, which cases opened from now on are pinned to. */
export async function publishVersion(
  tx: Transaction,
  version: { policyId: string; body: string; publishedBy: string },
): Promise<PolicyVersionRow> {
  // The policy's row lock gives versions numbers without a hole.
  await tx.select({ id: policies.id }).from(policies).where(eq(policies.id, version.policyId)).for('update');
  const [before] = await tx
    .select({ number: max(policyVersions.number) })
    .from(policyVersions)
    .where(eq(policyVersions.policyId, version.policyId));
  const [row] = await tx
    .insert(policyVersions)
    .values({
      id: newId('policyVersion'),
      number: (before?.number ?? 0) + 1,
      sha256: sha256Hex(version.body),
      ...version,
    })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

/** Newest first. */
export async function listVersions(db: Queryable, policyId: string): Promise<PolicyVersionRow[]> {
  return db
    .select()
    .from(policyVersions)
    .where(eq(policyVersions.policyId, policyId))
    .orderBy(desc(policyVersions.number))
    .limit(200);
}

export async function findPolicyVersion(db: Queryable, id: string): Promise<PolicyVersionRow | null> {
  const [row] = await db.select().from(policyVersions).where(eq(policyVersions.id, id));
  return row ?? null;
}
