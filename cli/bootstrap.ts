import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Actor } from '#domain/actor.ts';
import type { Database } from '#db/client.ts';
import { sha256Hex } from '#db/ids.ts';
import { insertToken } from '#db/repositories/access.ts';
import { audit } from '#db/repositories/audit-events.ts';
import { insertPrincipal } from '#db/repositories/people.ts';
import { roleGrants } from '#db/schema/index.ts';
import { newId } from '#db/ids.ts';

export interface FirstAdmin {
  readonly personId: string;
  readonly token: string;
}

/** Keeps two bootstraps that start together from making two administrators. */
const bootstrapLock = 7_204_882;
const bootstrapActor: Actor = { kind: 'system', id: 'bootstrap' };

/**
 * Creates the first administrator and a token, straight in the database, as long as nobody is an administrator.
 *
 * Returns null when there is one already: whoever holds the database's password gets no second way in by this. The
 * audit trail says that no person granted it.
 */
export async function createFirstAdmin(
  db: Database,
  options: { name: string; days: number },
): Promise<FirstAdmin | null> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${bootstrapLock})`);
    const { rows } = await tx.execute(
      sql`SELECT 1 FROM role_grants JOIN principals ON principals.id = principal_id
          WHERE role = 'admin' AND team_id IS NULL AND revoked_at IS NULL AND disabled_at IS NULL LIMIT 1`,
    );
    if (rows.length > 0) return null;
    const { id } = await insertPrincipal(tx, { kind: 'person', name: options.name });
    const grantId = newId('roleGrant');
    await tx.insert(roleGrants).values({ id: grantId, principalId: id, role: 'admin' });
    const token = `vgl_${randomBytes(32).toString('base64url')}`;
    const row = await insertToken(tx, {
      principalId: id,
      sha256: sha256Hex(token),
      label: 'bootstrap',
      days: options.days,
    });
    await audit(
      tx,
      { kind: 'principal', id },
      { actor: bootstrapActor, action: 'principal.created', data: { kind: 'person' } },
      { actor: bootstrapActor, action: 'principal.roleGranted', data: { grantId, role: 'admin', teamId: null } },
      { actor: bootstrapActor, action: 'principal.tokenCreated', data: { tokenId: row.id } },
    );
    return { personId: id, token };
  });
}
