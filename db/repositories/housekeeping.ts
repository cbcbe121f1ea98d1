import { sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import type { Database, Transaction } from '../client.ts';

/** Rows of one table that lose their use some time after an instant of theirs. */
export interface Transient {
  readonly table: string;
  /** The column of the instant; an index begins with it. */
  readonly since: string;
  /** So many days after it they go. */
  readonly keptDays: number;
  /** What else must be true of them; the row is called `old`. */
  readonly where?: SQL;
  /** Intake decides by rows that it does not lock, under the locks of their keys: these are taken first. */
  readonly decidedUnderKeys?: boolean;
}

const daysAgo = (days: number): SQL => sql.raw(`now() - interval '${days} days'`);

// Looked up for each row: as a join, all escalations may be read for it.
const wasClosed = (days: number): SQL =>
  sql`(SELECT closed_at FROM escalations WHERE id = old.escalation_id) < ${daysAgo(days)}`;
const isOpenNowhere = sql`(SELECT id FROM escalations
  WHERE service_id = old.service_id AND dedup_key = old.dedup_key AND closed_at IS NULL) IS NULL`;

/**
 * All that is removed. Everything else is evidence or configuration and stays: commands, alert events, deliveries,
 * notices, counts of suppressed alerts, changes, audit events.
 */
export const transients: readonly Transient[] = [
  // A report of the firing that ended may come late, not so late.
  { table: 'firing_alerts', since: 'seen_at', keptDays: 7, where: sql`ended_at >= started_at` },
  // Its source never says that it is over, or a person had closed it before. If it still fires, the next report says so.
  {
    table: 'firing_alerts',
    since: 'seen_at',
    keptDays: 30,
    where: sql`(ended_at IS NULL OR ended_at < started_at) AND ${isOpenNowhere}`,
    decidedUnderKeys: true,
  },
  // Whoever taps an old page reads for so long what became of it.
  { table: 'page_links', since: 'expires_at', keptDays: 30 },
  // An answer that comes late is told for so long that it is over.
  { table: 'reply_codes', since: 'created_at', keptDays: 7, where: wasClosed(7) },
  { table: 'contact_verifications', since: 'expires_at', keptDays: 1 },
  // Clients are promised a day. Mails that were taken are among them: servers give up after five days.
  { table: 'idempotency_records', since: 'created_at', keptDays: 7 },
  // Hosts of contact methods come and go.
  { table: 'provider_circuits', since: 'updated_at', keptDays: 30 },
  { table: 'status_mirrors', since: 'updated_at', keptDays: 30, where: wasClosed(30) },
];

/** A statement removes so many rows at most: milliseconds. */
const batchRows = 1_000;
/** Each key of a batch takes a place in the lock table of Postgres. */
const batchKeys = 200;
const statementMs = 5_000;
const lockMs = 500;

/** The oldest rows that are over. `of`: only of these keys. */
export const findOver = (
  { table, since, keptDays, where }: Transient,
  columns: SQL,
  limit: number,
  of?: SQL,
): SQL => sql`
  SELECT ${columns} FROM ${sql.raw(table)} old
  WHERE ${sql.raw(since)} < ${daysAgo(keptDays)}${where ? sql` AND ${where}` : sql``}${of ? sql` AND ${of}` : sql``}
  ORDER BY ${sql.raw(since)} LIMIT ${limit}`;

export const removeOver = (transient: Transient, of?: SQL): SQL => sql`
  DELETE FROM ${sql.raw(transient.table)}
  WHERE ctid = ANY(ARRAY(${findOver(transient, sql`ctid`, batchRows, of)} FOR UPDATE SKIP LOCKED))`;

/**
 * Removes up to a thousand of the rows that are over, and returns how many. All of them or none are gone when it fails.
 *
 * Safe beside others that do the same and beside whoever uses the rows: it waits for nobody's row and passes over what
 * others hold, and a row that is used anew meanwhile stays. Fails when a statement lasts for 5 s.
 */
export async function removeSome(db: Database, transient: Transient): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('statement_timeout', ${String(statementMs)}, true),
      set_config('lock_timeout', ${String(lockMs)}, true)`);
    const of = transient.decidedUnderKeys === true ? await takeKeys(tx, transient) : undefined;
    // A statement of its own: it sees what was opened before the locks were had.
    const { rowCount } = await tx.execute(removeOver(transient, of));
    return rowCount ?? 0;
  });
}

/** Takes the locks under which intake decides about the keys of what is over, of those that are free. */
async function takeKeys(tx: Transaction, transient: Transient): Promise<SQL> {
  const { rows } = await tx.execute<{ service_id: string; dedup_key: string }>(sql`
    WITH found AS MATERIALIZED (
      SELECT DISTINCT service_id, dedup_key FROM (${findOver(transient, sql`service_id, dedup_key`, batchKeys)}) AS over)
    SELECT service_id, dedup_key FROM found
    WHERE pg_try_advisory_xact_lock(hashtextextended(service_id || ' ' || dedup_key, 0))`);
  const services = sql.param(rows.map(({ service_id: serviceId }) => serviceId));
  const keys = sql.param(rows.map(({ dedup_key: dedupKey }) => dedupKey));
  return sql`(service_id, dedup_key) IN (SELECT * FROM unnest(${services}::text[], ${keys}::text[]))`;
}
