import { and, desc, eq } from 'drizzle-orm';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { escalationPolicies, escalationPolicyVersions } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export interface EscalationPolicyRow {
  readonly id: string;
  readonly teamId: string;
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly versionId: string;
  readonly document: PolicyDocument;
  readonly createdAt: Date;
}

export type PolicyVersionRow = Omit<typeof escalationPolicyVersions.$inferSelect, 'document'> & {
  document: PolicyDocument;
};

const current = {
  id: escalationPolicies.id,
  teamId: escalationPolicies.teamId,
  key: escalationPolicies.key,
  name: escalationPolicies.name,
  version: escalationPolicies.version,
  versionId: escalationPolicyVersions.id,
  document: escalationPolicyVersions.document,
  createdAt: escalationPolicies.createdAt,
};
const isCurrent = and(
  eq(escalationPolicyVersions.policyId, escalationPolicies.id),
  eq(escalationPolicyVersions.version, escalationPolicies.version),
);

/** The policy with its first version; null when the key is taken. */
export async function insertEscalationPolicy(
  tx: Transaction,
  policy: { teamId: string; key: string; name: string; document: PolicyDocument; createdBy: string },
): Promise<EscalationPolicyRow | null> {
  const { document, createdBy, ...rest } = policy;
  const [row] = await tx
    .insert(escalationPolicies)
    .values({ id: newId('escalationPolicy'), version: 1, ...rest })
    .onConflictDoNothing({ target: escalationPolicies.key })
    .returning();
  if (!row) return null;
  await insertVersion(tx, { policyId: row.id, version: 1, document, createdBy });
  return findEscalationPolicy(tx, row.id);
}

/** Adds a version and makes it the one that new escalations freeze. The caller holds the policy's lock. */
export async function addEscalationPolicyVersion(
  tx: Transaction,
  next: { policyId: string; version: number; document: PolicyDocument; createdBy: string },
): Promise<EscalationPolicyRow | null> {
  await insertVersion(tx, next);
  await tx.update(escalationPolicies).set({ version: next.version }).where(eq(escalationPolicies.id, next.policyId));
  return findEscalationPolicy(tx, next.policyId);
}

/** Locks the policy until the transaction ends, so that versions get numbers without a hole. */
export async function lockEscalationPolicy(tx: Transaction, id: string) {
  const [row] = await tx.select().from(escalationPolicies).where(eq(escalationPolicies.id, id)).for('update');
  return row ?? null;
}

export async function findEscalationPolicy(db: Queryable, id: string): Promise<EscalationPolicyRow | null> {
  const [row] = await db
    .select(current)
    .from(escalationPolicies)
    .innerJoin(escalationPolicyVersions, isCurrent)
    .where(eq(escalationPolicies.id, id));
  return row ? { ...row, document: row.document as PolicyDocument } : null;
}

export async function listEscalationPolicies(
  db: Queryable,
  teams: readonly string[] | null,
  page: Page,
): Promise<EscalationPolicyRow[]> {
  const { where, orderBy, limit } = newestFirst(escalationPolicies.createdAt, escalationPolicies.id, page);
  const rows = await db
    .select(current)
    .from(escalationPolicies)
    .innerJoin(escalationPolicyVersions, isCurrent)
    .where(and(where, ofTeams(escalationPolicies.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
  return rows.map((row) => ({ ...row, document: row.document as PolicyDocument }));
}

/** Newest first. */
export async function listEscalationPolicyVersions(db: Queryable, policyId: string): Promise<PolicyVersionRow[]> {
  const rows = await db
    .select()
    .from(escalationPolicyVersions)
    .where(eq(escalationPolicyVersions.policyId, policyId))
    .orderBy(desc(escalationPolicyVersions.version))
    .limit(200);
  return rows.map((row) => ({ ...row, document: row.document as PolicyDocument }));
}

async function insertVersion(
  tx: Transaction,
  version: { policyId: string; version: number; document: PolicyDocument; createdBy: string },
): Promise<void> {
  await tx.insert(escalationPolicyVersions).values({ id: newId('escalationPolicyVersion'), ...version });
}
