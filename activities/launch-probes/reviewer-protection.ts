import { sql } from 'drizzle-orm';
import type { Role } from '#domain/actor.ts';
import { isSensitive } from '#domain/harms.ts';
import { inScopeHarms } from '#domain/launch/capabilities.ts';
import { countHolders } from './people.ts';
import { shareOf } from './measured.ts';
import type { Probe } from './measured.ts';

/**
 * The share of the queues that the launch's harms are routed to in which reviewers are protected: sensitive harm goes to
 * a sensitive queue only, and somebody is there who chose that work. A harm without a queue counts as one that is not.
 *
 * That content is hidden until asked for and every look is noted is built in, and so not measured.
 */
export const reviewerProtection: Probe = async ({ db, launch }) => {
  const scope = launch.intake === null ? [] : inScopeHarms(launch.intake);
  const { rows } = await db.execute<{ id: string; sensitive: boolean; harms: string[] }>(
    sql`SELECT id, sensitive, harms FROM review_queues WHERE team_id = ${launch.teamId}
        ORDER BY cardinality(harms) = 0, position, id`,
  );
  const reviewers: Role[] = ['reviewer', 'sensitive_reviewer'];
  const holders = {
    ordinary: await countHolders(db, launch.teamId, reviewers),
    sensitive: await countHolders(db, launch.teamId, ['sensitive_reviewer']),
  };
  const parts = new Map<string, boolean>();
  const lines = scope.map((harm) => {
    const sensitive = isSensitive(harm);
    const queue = rows.find(
      (row) => row.sensitive === sensitive && (row.harms.length === 0 || row.harms.includes(harm)),
    );
    const isProtected = queue !== undefined && holders[sensitive ? 'sensitive' : 'ordinary'] > 0;
    parts.set(queue?.id ?? `none for ${harm}`, isProtected);
    return { harm, sensitive, queueId: queue?.id ?? null, isProtected };
  });
  return { observed: shareOf([...parts.values()]), population: parts.size, windowMs: 0, facts: { holders, lines } };
};
