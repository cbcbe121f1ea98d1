import { sql } from 'drizzle-orm';
import type { KnownAlert, KnownAlerts } from '#domain/intake/firing.ts';
import type { OpenEscalation } from '#domain/intake/fold.ts';
import type { Severity } from '#domain/severity.ts';
import type { Transaction } from '../../client.ts';

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

/**
 * Takes the keys' places in the order of writers until the transaction ends, always in one order, so that two that have
 * the same keys wait for each other and never both.
 */
export async function lockKeys(tx: Transaction, keys: readonly IntakeKey[]): Promise<void> {
  const of = columns(keys);
  await tx.execute(sql`
    SELECT pg_advisory_xact_lock(place) FROM (
      SELECT DISTINCT hashtextextended(service_id || ' ' || dedup_key, 0) AS place
      FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
      ORDER BY place) AS places`);
}

export interface LockedEscalation extends Omit<OpenEscalation, 'rePageAbove'> {
  /** Of a ladder that has begun: its policy's threshold, or null once it has paged for it. */
  readonly rePageAbove: number | null;
  readonly hasBegun: boolean;
}

/** The open escalations of the keys, locked against whoever closes them. `withLadders`: also what their ladders say. */
export async function lockOpenEscalations(
  tx: Transaction,
  keys: readonly IntakeKey[],
  withLadders: boolean,
): Promise<Map<string, LockedEscalation>> {
  const of = columns(keys);
  const ladder = withLadders
    ? sql`open.state IS NOT NULL AS begun, CASE WHEN NOT coalesce((open.state->>'pagedForFiringCount')::boolean, false)
        THEN (open.state#>>'{policy,rePage,onFiringCountAbove}')::integer END AS above`
    : sql`true AS begun, NULL::integer AS above`;
  const { rows } = await tx.execute<{
    id: string;
    service_id: string;
    dedup_key: string;
    severity: Severity;
    title: string;
    opened_via: string | null;
    told: boolean;
    begun: boolean;
    above: number | null;
  }>(sql`
    SELECT open.id, open.service_id, open.dedup_key, open.severity, open.title, open.opened_via,
      coalesce(open.last_resolve_seq > open.last_trigger_seq, false) AS told, ${ladder}
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
    JOIN escalations open USING (service_id, dedup_key)
    WHERE open.closed_at IS NULL
    FOR NO KEY UPDATE OF open`);
  return new Map(
    rows.map((row) => [
      nameOf({ serviceId: row.service_id, dedupKey: row.dedup_key }),
      {
        id: row.id,
        severity: row.severity,
        title: row.title,
        via: row.opened_via,
        isEndTold: row.told,
        hasBegun: row.begun,
        rePageAbove: row.above,
      },
    ]),
  );
}

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
  }>(sql`
    SELECT service_id, dedup_key, fingerprint, ${inMs('started_at')} AS started, ${inMs('ended_at')} AS ended
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[]) AS keys (service_id, dedup_key)
    JOIN firing_alerts USING (service_id, dedup_key)`);
  for (const row of rows) {
    const name = nameOf({ serviceId: row.service_id, dedupKey: row.dedup_key });
    const alerts = known.get(name) ?? new Map<string, KnownAlert>();
    known.set(name, alerts);
    alerts.set(row.fingerprint, {
      startedAt: Number(row.started),
      endedAt: row.ended === null ? null : Number(row.ended),
    });
  }
  return known;
}

const inMs = (column: string) => sql.raw(`round(extract(epoch FROM ${column}) * 1000)::bigint`);

/** So many places among all facts, in order. To be taken under the locks: a trigger that waited for a resolve is later than it. */
export async function takePlaces(tx: Transaction, count: number): Promise<number[]> {
  const { rows } = await tx.execute<{ place: string }>(
    sql`SELECT nextval('fact_seq') AS place FROM generate_series(1, ${count}::integer)`,
  );
  return rows.map(({ place }) => Number(place)).toSorted((a, b) => a - b);
}

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
    SELECT DISTINCT open.service_id, open.dedup_key, open.opened_via AS via
    FROM unnest(${of.services}::text[], ${of.dedupKeys}::text[], ${sql.param(keys.map(({ via }) => via))}::text[])
      AS keys (service_id, dedup_key, via)
    JOIN escalations open USING (service_id, dedup_key)
    WHERE open.closed_at IS NULL AND open.opened_via = keys.via`);
  const open = Map.groupBy(rows, ({ via, dedup_key: dedupKey }) => nameOf({ serviceId: via, dedupKey }));
  return {
    servicesOf: (via, dedupKey) =>
      (open.get(nameOf({ serviceId: via, dedupKey })) ?? []).map(({ service_id: serviceId }) => serviceId),
  };
}
