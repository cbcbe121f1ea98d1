import { sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { KnownAlert, KnownAlerts } from '#domain/intake/firing.ts';
import type { OpenEscalation } from '#domain/intake/fold.ts';
import type { Severity } from '#domain/severity.ts';
import type { MaintenanceWindow } from '#domain/escalation/ladder-parts.ts';
import type { Transaction } from '../../client.ts';
import { freezeAll, windowsOf } from './openings.ts';
import type { FrozenService, ServiceWithPolicy } from './openings.ts';

/** What intake is about: one service and dedup key. */
export interface IntakeKey {
  readonly serviceId: string;
  readonly dedupKey: string;
}

/** A name for the pair, for maps. Neither part holds the separator: it is no text that Postgres stores. */
export const nameOf = ({ serviceId, dedupKey }: IntakeKey): string => `${serviceId}\u0000${dedupKey}`;

const columns = (keys: readonly IntakeKey[]) => ({
  services: sql.param(keys.map(({ serviceId }) => serviceId)),
  dedupKeys: sql.param(keys.map(({ dedupKey }) => dedupKey)),
});

/** In one order for all, so that two that have the same keys wait for each other and never both. */
const placesOf = (keys: readonly IntakeKey[]): SQL => {
  const of = columns(keys);
  return sql`SELECT count(pg_advisory_xact_lock(place)) AS count FROM (
    SELECT DISTINCT hashtextextended(service_id || ' ' || dedup_key, 0) AS place
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
    ORDER BY place) AS places`;
};

/**
 * Takes the keys' places in the order of writers until the transaction ends, and then those of the services of which an
 * escalation may be opened, before whoever begins maintenance. Returns these with the policy versions that would be
 * frozen. Fails with `resource.not_found` when one is unknown.
 */
export async function lockKeys(
  tx: Transaction,
  keys: readonly IntakeKey[],
  serviceIds: readonly string[],
): Promise<Map<string, FrozenService>> {
  if (serviceIds.length === 0) {
    await tx.execute(placesOf(keys));
    return new Map();
  }
  const { rows } = await tx.execute<ServiceWithPolicy>(sql`
    WITH held AS MATERIALIZED (${placesOf(keys)})
    SELECT service.id, service.team_id AS "teamId", service.sensitive,
      frozen.id AS "policyVersionId", frozen.version AS "policyVersion", frozen.document AS policy
    FROM services service
    JOIN escalation_policies policy ON policy.id = service.policy_id
    JOIN escalation_policy_versions frozen ON frozen.policy_id = policy.id AND frozen.version = policy.version
    WHERE service.id = ANY(${sql.param(serviceIds)}::text[]) AND (SELECT count FROM held) >= 0
    FOR KEY SHARE OF service`);
  return freezeAll(rows, serviceIds);
}

export interface LockedEscalation extends Omit<OpenEscalation, 'rePageAbove'> {
  /** Of a ladder that has begun: its policy's threshold, or null once it has paged for it. */
  readonly rePageAbove: number | null;
  readonly hasBegun: boolean;
}

export interface Standing {
  /** The open escalations of the keys, locked against whoever closes them. */
  readonly open: ReadonlyMap<string, LockedEscalation>;
  /** So many places among all facts, in order, taken under the locks: a trigger that waited for a resolve is later than it. */
  readonly places: readonly number[];
  /** The services' maintenance windows that are open now. */
  readonly maintenance: ReadonlyMap<string, MaintenanceWindow[]>;
}

/**
 * How the keys stand, in one statement. `services` are those of which an escalation may be opened; the caller holds their
 * locks. `withLadders`: also what the ladders say.
 */
export async function readStanding(
  tx: Transaction,
  keys: readonly IntakeKey[],
  asked: { readonly places: number; readonly services: readonly string[]; readonly withLadders: boolean },
): Promise<Standing> {
  const of = columns(keys);
  const ladder = asked.withLadders
    ? sql`open.state IS NOT NULL AS begun, CASE WHEN NOT coalesce((open.state->>'pagedForFiringCount')::boolean, false)
        THEN (open.state#>>'{policy,rePage,onFiringCountAbove}')::integer END AS above`
    : sql`true AS begun, NULL::integer AS above`;
  const { rows } = await tx.execute<{
    open: OpenRow[] | null;
    places: string[];
    windows: { id: string; service_id: string; until: number }[] | null;
  }>(sql`
    WITH open AS MATERIALIZED (
      SELECT open.* FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
      -- Each by the index of its key: a plan over all that is open would cost more the more is open.
      CROSS JOIN LATERAL (
        SELECT open.id, open.service_id, open.dedup_key, open.severity, open.title, open.opened_via AS via,
          coalesce(open.last_resolve_seq > open.last_trigger_seq, false) AS told, ${ladder}
        FROM escalations open
        WHERE open.service_id = keys.service_id AND open.dedup_key = keys.dedup_key AND open.closed_at IS NULL
        LIMIT 1 FOR NO KEY UPDATE) AS open),
    locked AS MATERIALIZED (SELECT json_agg(open) AS rows FROM open)
    SELECT locked.rows AS open,
      -- The condition makes the places wait for the locks.
      ARRAY(SELECT nextval('fact_seq') FROM generate_series(1, ${asked.places}::integer)
            WHERE locked.rows IS NULL OR locked.rows IS NOT NULL) AS places,
      (SELECT json_agg(window_row) FROM (
        SELECT id, service_id, floor(extract(epoch FROM ends_at) * 1000)::bigint AS until FROM maintenance_windows
        WHERE service_id = ANY(${sql.param(asked.services)}::text[])
          AND starts_at <= clock_timestamp() AND ends_at > clock_timestamp()) AS window_row) AS windows
    FROM locked`);
  const [row] = rows;
  if (!row) throw new Error('a statement that always returns a row returned none');
  return {
    open: new Map(
      (row.open ?? []).map((one) => [nameOf({ serviceId: one.service_id, dedupKey: one.dedup_key }), toLocked(one)]),
    ),
    places: row.places.map(Number),
    maintenance: windowsOf(row.windows ?? []),
  };
}

interface OpenRow {
  readonly id: string;
  readonly service_id: string;
  readonly dedup_key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly via: string | null;
  readonly told: boolean;
  readonly begun: boolean;
  readonly above: number | null;
}

const toLocked = ({ id, severity, title, via, told, begun, above }: OpenRow): LockedEscalation => ({
  id,
  severity,
  title,
  via,
  isEndTold: told,
  hasBegun: begun,
  rePageAbove: above,
});

/** What is known of the single alerts of the keys. The caller holds the keys' locks. */
export async function readKnownAlerts(tx: Transaction, keys: readonly IntakeKey[]): Promise<Map<string, KnownAlerts>> {
  const known = new Map<string, KnownAlerts>();
  if (keys.length === 0) return known;
  const of = columns(keys);
  const { rows } = await tx.execute<{
    service_id: string;
    dedup_key: string;
    fingerprint: string;
    started: string;
    ended: string | null;
    seen: string;
  }>(sql`
    SELECT service_id, dedup_key, fingerprint, ${inMs('started_at')} AS started, ${inMs('ended_at')} AS ended,
      ${inMs('seen_at')} AS seen
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
    JOIN firing_alerts USING (service_id, dedup_key)`);
  for (const row of rows) {
    const name = nameOf({ serviceId: row.service_id, dedupKey: row.dedup_key });
    const alerts = known.get(name) ?? new Map<string, KnownAlert>();
    known.set(name, alerts);
    alerts.set(row.fingerprint, {
      startedAt: Number(row.started),
      endedAt: row.ended === null ? null : Number(row.ended),
      seenAt: Number(row.seen),
    });
  }
  return known;
}

const inMs = (column: string) => sql.raw(`round(extract(epoch FROM ${column}) * 1000)::bigint`);

export interface OpenElsewhere {
  servicesOf(via: string, dedupKey: string): readonly string[];
}

/** At which services the keys are open, of those that the integration itself opened. Takes no lock. */
export async function findOpenOf(
  tx: Transaction,
  keys: readonly (IntakeKey & { readonly via: string })[],
): Promise<OpenElsewhere> {
  if (keys.length === 0) return { servicesOf: () => [] };
  const of = columns(keys);
  const { rows } = await tx.execute<{ service_id: string; dedup_key: string; via: string }>(sql`
    SELECT DISTINCT open.service_id, open.dedup_key, keys.via
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[], ${sql.param(keys.map(({ via }) => via))}::text[])
      AS keys (service_id, dedup_key, via)
    CROSS JOIN LATERAL (
      SELECT open.service_id, open.dedup_key FROM escalations open
      WHERE open.service_id = keys.service_id AND open.dedup_key = keys.dedup_key AND open.closed_at IS NULL
        AND open.opened_via = keys.via
      LIMIT 1) AS open`);
  const open = Map.groupBy(rows, ({ via, dedup_key: dedupKey }) => nameOf({ serviceId: via, dedupKey }));
  return {
    servicesOf: (via, dedupKey) =>
      (open.get(nameOf({ serviceId: via, dedupKey })) ?? []).map(({ service_id: serviceId }) => serviceId),
  };
}
