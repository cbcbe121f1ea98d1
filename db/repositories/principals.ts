import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Actor, Role } from '#domain/actor.ts';
import type { Queryable } from '../client.ts';
import { principals, roleGrants, tokens } from '../schema/index.ts';
import { ShortMemory } from './short-memory.ts';

export interface Grant {
  readonly role: Role;
  /** Null: for every team. */
  readonly teamId: string | null;
}

export interface Principal {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly name: string;
  readonly tokenId: string;
  /** The token's last noted use is over a minute ago, or it has none. */
  readonly isUseStale: boolean;
  readonly grants: readonly Grant[];
}

/** The principal behind a token's hash, with the roles it holds now; null when unknown, expired, revoked or disabled. */
export async function findPrincipalByToken(db: Queryable, tokenSha256: string): Promise<Principal | null> {
  const rows = await db
    .select({
      id: principals.id,
      kind: principals.kind,
      name: principals.name,
      tokenId: tokens.id,
      isUseStale: sql<boolean>`coalesce(${tokens.lastUsedAt} < now() - interval '1 minute', true)`,
      role: roleGrants.role,
      teamId: roleGrants.teamId,
    })
    .from(tokens)
    .innerJoin(principals, eq(principals.id, tokens.principalId))
    .leftJoin(roleGrants, and(eq(roleGrants.principalId, principals.id), isNull(roleGrants.revokedAt)))
    .where(
      and(
        eq(tokens.sha256, tokenSha256),
        isNull(tokens.revokedAt),
        gt(tokens.expiresAt, sql`now()`),
        isNull(principals.disabledAt),
      ),
    );
  const [first] = rows;
  if (!first) return null;
  return {
    id: first.id,
    kind: first.kind as Principal['kind'],
    name: first.name,
    tokenId: first.tokenId,
    isUseStale: first.isUseStale,
    grants: grantsOf(rows),
  };
}

/** A person who answers by a way other than a token, with the roles held now; null when there is none, or disabled. */
export async function findPersonToAct(
  db: Queryable,
  personId: string,
): Promise<Pick<Principal, 'id' | 'kind' | 'name' | 'grants'> | null> {
  const rows = await db
    .select({ name: principals.name, role: roleGrants.role, teamId: roleGrants.teamId })
    .from(principals)
    .leftJoin(roleGrants, and(eq(roleGrants.principalId, principals.id), isNull(roleGrants.revokedAt)))
    .where(and(eq(principals.id, personId), eq(principals.kind, 'person'), isNull(principals.disabledAt)));
  const [first] = rows;
  if (!first) return null;
  return { id: personId, kind: 'person', name: first.name, grants: grantsOf(rows) };
}

const grantsOf = (rows: readonly { readonly role: string | null; readonly teamId: string | null }[]): Grant[] =>
  rows.flatMap(({ role, teamId }) => (role === null ? [] : [{ role: role as Role, teamId }]));

/** A revoked token or role of a machine is turned away no later than this, milliseconds; where it was revoked, at once. */
const rememberedForMs = 1_000;
const machines = new WeakMap<Queryable, ShortMemory<Principal>>();

/**
 * The same, and a machine from memory for up to a second: it reports without a pause, and decides nothing. A person is
 * looked up each time, because what a person may do is held to the moment.
 */
export async function recallPrincipalByToken(db: Queryable, tokenSha256: string): Promise<Principal | null> {
  const memory = machines.get(db) ?? new ShortMemory({ forMs: rememberedForMs, atMost: 1_000 });
  machines.set(db, memory);
  const known = await memory.recall(tokenSha256);
  if (known !== null) return known;
  const principal = await findPrincipalByToken(db, tokenSha256);
  if (principal?.kind === 'service') void memory.read(tokenSha256, async () => ({ ...principal, isUseStale: false }));
  return principal;
}

/** What this process remembers of machines is read anew. To be called after tokens or roles were taken away. */
export const forgetPrincipals = (db: Queryable): void => machines.get(db)?.clear();

/** Notes that a token was used just now. Once a minute is enough to tell a used token from a forgotten one. */
export async function noteTokenUse(db: Queryable, tokenId: string): Promise<void> {
  await db
    .update(tokens)
    .set({ lastUsedAt: sql`now()` })
    .where(eq(tokens.id, tokenId));
}

/**
 * The principal as it is recorded with what it does. `teamId` is the team whose object it acts on: roles that it holds in
 * other teams count for nothing there. Without a team, all its roles are named.
 */
export function toActor(principal: Pick<Principal, 'id' | 'kind' | 'grants'>, teamId?: string): Actor {
  if (principal.kind !== 'person') return { kind: 'service', id: principal.id };
  const held = principal.grants.filter(
    (grant) => teamId === undefined || grant.teamId === null || grant.teamId === teamId,
  );
  return { kind: 'person', id: principal.id, roles: [...new Set(held.map((grant) => grant.role))].toSorted() };
}
