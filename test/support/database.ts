import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { runStatement } from './run-statement.ts';
import type { PostgresForTests } from './postgres-setup.ts';

/** A database of one test file's own, migrated and empty. */
export interface TestDatabase {
  readonly name: string;
  /** The owner: migrations, and looking at everything. */
  readonly ownerUrl: string;
  /** The role of API and worker: cannot change or delete audit events. */
  readonly appUrl: string;
  /** The role of SQL detectors: reads product events only. */
  readonly detectorUrl: string;
  /** Removes the database, also from under open connections. */
  drop(): Promise<void>;
}

/**
 * Copies the migrated template for the calling test file. Call it in `beforeAll`, and `drop` in `afterAll`.
 *
 * Needs the global setup `test/support/postgres-setup.ts`, which the projects db, api and workflow have.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const postgres: PostgresForTests | undefined = inject('postgres');
  if (postgres === undefined)
    throw new Error('createTestDatabase needs the global setup test/support/postgres-setup.ts');
  const { adminUrl, template, appPassword, detectorPassword } = postgres;
  const name = `vigil_test_${randomBytes(6).toString('hex')}`;
  await runStatement(adminUrl, `create database ${name} template ${template}`);
  return {
    name,
    ownerUrl: urlFor(adminUrl, name),
    appUrl: urlFor(adminUrl, name, { role: 'vigil_app', password: appPassword }),
    detectorUrl: urlFor(adminUrl, name, { role: 'vigil_detector', password: detectorPassword }),
    drop: () => runStatement(adminUrl, `drop database if exists ${name} with (force)`),
  };
}

function urlFor(adminUrl: string, database: string, as?: { role: string; password: string }): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  if (as !== undefined) {
    url.username = as.role;
    url.password = as.password;
  }
  return url.href;
}
