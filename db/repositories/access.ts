import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Role } from '#domain/actor.ts';
import type { Queryable } from '../client.ts';
import { newId } from '../ids.ts';
import { roleGrants, tokens } from '../schema/index.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';

export type GrantRow = typeof roleGrants.$inferSelect;

/** Null when the principal holds the role for that team already. A null team means every team. */
export async function insertGrant(
  db: Queryable,
  grant: { principalId: string; role: Role; teamId: string | null; grantedBy: string },
): Promise<GrantRow | null> {
  const [row] = await db
    .insert(roleGrants)
    .values({ id: newId('roleGrant'), ...grant })
    .onConflictDoNothing()
    .returning();
  return row ?? null;
}

export async function findGrant(db: Queryable, principalId: string, id: string): Promise<GrantRow | null> {
  const [row] = await db
    .select()
    .from(roleGrants)
    .where(and(eq(roleGrants.id, id), eq(roleGrants.principalId, principalId), isNull(roleGrants.revokedAt)));
  return row ?? null;
}

export async function revokeGrant(db: Queryable, id: string): Promise<void> {
  await db
    .update(roleGrants)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(roleGrants.id, id), isNull(roleGrants.revokedAt)));
}

/** Also the revoked ones: who held what when. */
export async function listGrants(db: Queryable, principalId: string, page: Page): Promise<GrantRow[]> {
  const { where, orderBy, limit } = newestFirst(roleGrants.grantedAt, roleGrants.id, page);
  return db
    .select()
    .from(roleGrants)
    .where(and(where, eq(roleGrants.principalId, principalId)))
    .orderBy(...orderBy)
    .limit(limit);
}

const shown = {
  id: tokens.id,
  principalId: tokens.principalId,
  label: tokens.label,
  createdAt: tokens.createdAt,
  expiresAt: tokens.expiresAt,
  lastUsedAt: tokens.lastUsedAt,
  revokedAt: tokens.revokedAt,
};

export interface TokenRow {
  readonly id: string;
  readonly principalId: string;
  readonly label: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Keeps the hash only. */
export async function insertToken(
  db: Queryable,
  token: { principalId: string; sha256: string; label: string; days: number },
): Promise<TokenRow> {
  const { days, ...rest } = token;
  const [row] = await db
    .insert(tokens)
    .values({ id: newId('token'), ...rest, expiresAt: sql`now() + make_interval(days => ${days}::int)` })
    .returning(shown);
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function listTokens(db: Queryable, principalId: string, page: Page): Promise<TokenRow[]> {
  const { where, orderBy, limit } = newestFirst(tokens.createdAt, tokens.id, page);
  return db
    .select(shown)
    .from(tokens)
    .where(and(where, eq(tokens.principalId, principalId)))
    .orderBy(...orderBy)
    .limit(limit);
}

/** False when there is no such token, or it was revoked already. */
export async function revokeToken(db: Queryable, principalId: string, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(tokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(tokens.id, id), eq(tokens.principalId, principalId), isNull(tokens.revokedAt)));
  return (rowCount ?? 0) > 0;
}
