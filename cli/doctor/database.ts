import pg from 'pg';
import { pendingMigrations } from '#db/migrate.ts';
import { fail, messageOf, ok, skip, warn } from './check.ts';
import type { Check } from './check.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly detectorUrl: string | null;
  /** The clock of this host, milliseconds since the epoch. */
  readonly now: () => number;
}

const connectWithinMs = 5_000;
/** Deadlines are the database's own; more than this confuses people who compare times, and tokens that are about to end. */
const skewWarnMs = 1_000;
const skewFailMs = 30_000;
const rights = ['roles', 'providers'] as const;

/** Postgres: reachable, migrated, with rights that keep the audit trail as it was written, and with the right time. */
export async function checkDatabase({ url, detectorUrl, now }: DatabaseOptions): Promise<Check[]> {
  const checks = await withClient(url, async (client) => [
    ok('postgres', 'answers'),
    await migrations(client),
    await clock(client, now),
    await appRights(client),
    await providers(client),
  ]);
  if (checks instanceof Error) {
    const remedy = 'Start Postgres, or correct VIGIL_DATABASE_URL.';
    return [
      fail('postgres', checks.message, remedy),
      ...['migrations', 'clock', ...rights].map((name) => skip(name, 'Postgres does not answer')),
    ];
  }
  return detectorUrl === null ? checks : [...checks, await detectorRights(detectorUrl)];
}

async function migrations(client: pg.Client): Promise<Check> {
  const pending = await pendingMigrations(client);
  if (pending.length === 0) return ok('migrations', 'all applied');
  return fail('migrations', `missing: ${pending.join(', ')}`, 'Run "vigil migrate" with VIGIL_DATABASE_OWNER_URL.');
}

async function clock(client: pg.Client, now: () => number): Promise<Check> {
  const before = now();
  const { rows } = await client.query<{ at: string }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at`,
  );
  // Half of the round trip lies before the moment at which the database looked.
  const skewMs = Math.round(Number(rows[0]?.at) - (before + now()) / 2);
  const detail = `the database is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead of'} this host`;
  const remedy = 'Let a time service keep both clocks.';
  if (Math.abs(skewMs) > skewFailMs) return fail('clock', detail, remedy);
  return Math.abs(skewMs) > skewWarnMs ? warn('clock', detail, remedy) : ok('clock', detail);
}

/** Whether the services that carry pages work, as far as the workers have seen. */
async function providers(client: pg.Client): Promise<Check> {
  const { rows } = await client.query<{ provider: string }>(
    `SELECT provider FROM provider_circuits WHERE state <> 'closed' ORDER BY provider LIMIT 5`,
  );
  if (rows.length === 0) return ok('providers', 'none is in trouble');
  const remedy = 'See "vigil providers"; meanwhile people are paged by their next channel.';
  return warn('providers', `calls keep failing to ${rows.map(({ provider }) => provider).join(', ')}`, remedy);
}

/** The role of API and worker may add to the audit trail and read it, and nothing more. */
async function appRights(client: pg.Client): Promise<Check> {
  const { rows } = await client.query<{ role: string; super: boolean; owner: boolean; add: boolean; change: boolean }>(`
    SELECT current_user AS role, rolsuper AS super, pg_has_role(relowner, 'member') AS owner,
      has_table_privilege('audit_events', 'INSERT') AND has_table_privilege('audit_events', 'SELECT') AS add,
      has_table_privilege('audit_events', 'UPDATE') OR has_table_privilege('audit_events', 'DELETE')
        OR has_table_privilege('audit_events', 'TRUNCATE') AS change
    FROM pg_roles, pg_class WHERE rolname = current_user AND pg_class.oid = to_regclass('public.audit_events')`);
  const [row] = rows;
  if (!row) return skip('roles', 'there is no audit_events table yet');
  const remedy = 'Connect as vigil_app, and run "vigil migrate" to set its rights.';
  if (row.super || row.owner)
    return fail('roles', `${row.role} owns the audit trail or may do anything: it could rewrite it`, remedy);
  if (row.change) return fail('roles', `${row.role} may change audit events`, remedy);
  return row.add
    ? ok('roles', `${row.role} may add audit events and not change them`)
    : fail('roles', `${row.role} may not write audit events`, remedy);
}

/** The role of SQL detectors reads events and nothing that people wrote or reported. */
async function detectorRights(url: string): Promise<Check> {
  const name = 'detector role';
  const remedy = 'Connect as vigil_detector, and run "vigil migrate" to set its rights.';
  const check = await withClient(url, async (client) => {
    const { rows } = await client.query<{ reads: boolean; more: string[] | null }>(`
      SELECT has_table_privilege('product_events', 'SELECT') AS reads,
        (SELECT array_agg(relname::text ORDER BY relname) FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
          AND relname <> 'product_events' AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE')) AS more`);
    const { reads = false, more = null } = rows[0] ?? {};
    if (more !== null) return fail(name, `it may also use ${more.slice(0, 5).join(', ')}`, remedy);
    return reads
      ? ok(name, 'it reads product events and nothing else')
      : fail(name, 'it may not read product events', remedy);
  });
  return check instanceof Error ? fail(name, check.message, 'Correct VIGIL_DETECTOR_DATABASE_URL.') : check;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T | Error> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'vigil-doctor',
    connectionTimeoutMillis: connectWithinMs,
    query_timeout: connectWithinMs,
  });
  // A restart in the middle is told by the query that it breaks.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    return new Error(messageOf(error), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
