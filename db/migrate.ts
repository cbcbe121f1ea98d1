import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

const migrationsFolder = fileURLToPath(new URL('migrations', import.meta.url));
const migrationLock = 7_204_881;

/** Tables that the application may add to but never rewrite: what happened stays as it was written. */
const appendOnly = [
  'audit_events',
  'check_runs',
  'decisions',
  'action_attempts',
  'policy_versions',
  'escalation_policy_versions',
  'sign_offs',
  'probe_facts',
];

export interface RolePasswords {
  readonly appPassword?: string;
  readonly detectorPassword?: string;
}

/**
 * Brings the database to the newest migration and sets the rights of the two application roles.
 *
 * Replicas that start together wait for each other (advisory lock). Fails when the database holds a migration that this
 * code does not know, or lacks one that is older than its newest: drizzle would skip that one silently. `vigil_app` is
 * the role of API and worker; `vigil_detector` reads product events and nothing else. Roles get passwords (and may log
 * in) only when passwords are given.
 */
export async function migrateDatabase(ownerUrl: string, passwords: RolePasswords = {}): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'vigil-migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await assertNoneSkipped(client);
    await migrate(drizzle(client), { migrationsFolder });
    await ensureRole(client, 'vigil_app', passwords.appPassword);
    await ensureRole(client, 'vigil_detector', passwords.detectorPassword);
    await grantRights(client);
  } finally {
    await client.end();
  }
}

/** The tags of this code's migrations that the database does not have yet. Empty means: up to date. */
export async function pendingMigrations(client: pg.Pool | pg.Client): Promise<string[]> {
  const applied = await appliedMigrations(client);
  return journal()
    .filter((entry) => !applied.includes(entry.when))
    .map((entry) => entry.tag);
}

async function assertNoneSkipped(client: pg.Client): Promise<void> {
  const applied = await appliedMigrations(client);
  const known = journal();
  const newest = Math.max(0, ...applied);
  const skipped = known.filter((entry) => entry.when < newest && !applied.includes(entry.when));
  if (skipped.length > 0) {
    throw new Error(
      `migrations ${skipped.map((entry) => entry.tag).join(', ')} are older than the newest applied one and would be skipped: give them a later time`,
    );
  }
  if (applied.some((when) => !known.some((entry) => entry.when === when))) {
    throw new Error('the database holds a migration that this version of Vigil does not know: run the newer version');
  }
}

async function appliedMigrations(client: pg.Pool | pg.Client): Promise<number[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS there`,
  );
  if (!found[0]?.there) return [];
  const { rows } = await client.query<{ created_at: string }>('SELECT created_at FROM drizzle.__drizzle_migrations');
  return rows.map((row) => Number(row.created_at));
}

function journal(): { when: number; tag: string }[] {
  const text = readFileSync(`${migrationsFolder}/meta/_journal.json`, 'utf8');
  return (JSON.parse(text) as { entries: { when: number; tag: string }[] }).entries;
}

/** Roles belong to the whole server: another database's migration may be creating the same one right now. */
async function ensureRole(client: pg.Client, role: string, password: string | undefined): Promise<void> {
  await client.query(
    `DO $$ BEGIN CREATE ROLE ${role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  );
  if (password !== undefined) {
    await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  }
}

async function grantRights(client: pg.Client): Promise<void> {
  const database = (await client.query<{ name: string }>('SELECT current_database() AS name')).rows[0]?.name ?? '';
  await client.query(`
    GRANT CONNECT ON DATABASE ${client.escapeIdentifier(database)} TO vigil_app, vigil_detector;
    GRANT USAGE ON SCHEMA public, drizzle TO vigil_app;
    GRANT USAGE ON SCHEMA public TO vigil_detector;
    GRANT SELECT ON ALL TABLES IN SCHEMA drizzle TO vigil_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO vigil_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO vigil_app;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO vigil_app;
    REVOKE UPDATE, DELETE ON ${appendOnly.join(', ')} FROM vigil_app;
    GRANT SELECT ON product_events TO vigil_detector;
  `);
}
