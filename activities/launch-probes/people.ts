import { sql } from 'drizzle-orm';
import { provenChannels } from '#domain/oncall/contact-address.ts';
import type { Role } from '#domain/actor.ts';
import type { Database } from '#db/client.ts';

export interface PersonStanding {
  readonly personId: string;
  readonly isActive: boolean;
  /** Contact methods that pages may go to: not disabled, and proven where their channel asks for that. */
  readonly contactMethods: number;
  /** Held in the team, or everywhere. */
  readonly roles: readonly Role[];
}

/** How these people stand now; who is not known is missing. */
export async function standingOf(
  db: Database,
  personIds: readonly string[],
  teamId: string,
): Promise<ReadonlyMap<string, PersonStanding>> {
  const { rows } = await db.execute<{ id: string; is_active: boolean; contact_methods: number; roles: Role[] }>(sql`
    SELECT person.id, principal.disabled_at IS NULL AS is_active,
      (SELECT count(*)::int FROM contact_methods way WHERE way.person_id = person.id AND way.disabled_at IS NULL
        AND (way.verified_at IS NOT NULL OR way.channel <> ALL (${sql.param([...provenChannels])}))) AS contact_methods,
      ARRAY(SELECT DISTINCT held.role FROM role_grants held WHERE held.principal_id = person.id AND held.revoked_at IS NULL
        AND (held.team_id IS NULL OR held.team_id = ${teamId}) ORDER BY held.role) AS roles
    FROM persons person JOIN principals principal ON principal.id = person.id
    WHERE person.id = ANY(${sql.param([...personIds])})`);
  return new Map(
    rows.map((row) => [
      row.id,
      { personId: row.id, isActive: row.is_active, contactMethods: row.contact_methods, roles: row.roles },
    ]),
  );
}

/** How many active people hold one of the roles in the team, or everywhere. */
export async function countHolders(db: Database, teamId: string, roles: readonly Role[]): Promise<number> {
  const { rows } = await db.execute<{ holders: number }>(sql`
    SELECT count(DISTINCT principal.id)::int AS holders FROM role_grants held
    JOIN principals principal ON principal.id = held.principal_id AND principal.kind = 'person' AND principal.disabled_at IS NULL
    WHERE held.revoked_at IS NULL AND held.role = ANY(${sql.param([...roles])}) AND (held.team_id IS NULL OR held.team_id = ${teamId})`);
  return rows[0]?.holders ?? 0;
}
