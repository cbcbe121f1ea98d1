import { sql } from 'drizzle-orm';
import { dayMs } from '#domain/time.ts';
import type { Probe } from './measured.ts';

const windowMs = 30 * dayMs;

/**
 * The slowest effect of the kill switch in the drills of the last 30 days: from engaging it to the last action that still
 * started. A drill counts when the switch was released again and really held an order back: a switch that nothing ran
 * into has shown nothing. The throttle of a cohort belongs to the product and is not seen here.
 */
export const killSwitch: Probe = async ({ db, launch }) => {
  const { rows } = await db.execute<{ id: string; held: number; effect_ms: number }>(sql`
    SELECT drill.id,
      (SELECT count(*)::int FROM enforcement_orders subject
        JOIN audit_events note ON note.aggregate_kind = 'enforcement' AND note.aggregate_id = subject.id
          AND note.at BETWEEN drill.engaged_at AND drill.released_at
        WHERE subject.product_id = drill.product_id AND note.data #>> '{event,result}' = 'stopped_by_kill_switch') AS held,
      coalesce((SELECT max(extract(epoch FROM started.started_at - drill.engaged_at) * 1000)
        FROM enforcement_orders subject JOIN enforcement_actions started ON started.order_id = subject.id AND started.operation = 'apply'
        WHERE subject.product_id = drill.product_id AND started.started_at > drill.engaged_at
          AND started.started_at < drill.released_at), 0)::float8 AS effect_ms
    FROM kill_switches drill
    WHERE drill.product_id = ${launch.productId} AND drill.released_at IS NOT NULL
      AND drill.engaged_at >= now() - make_interval(secs => ${windowMs / 1_000})
    ORDER BY drill.id`);
  const lines = rows.map((row) => ({ killSwitchId: row.id, held: row.held, effectMs: Math.round(row.effect_ms) }));
  const counted = lines.filter(({ held }) => held > 0);
  const observed = counted.length === 0 ? null : Math.max(...counted.map(({ effectMs }) => effectMs));
  return { observed, population: counted.length, windowMs, facts: { lines } };
};
