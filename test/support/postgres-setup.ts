import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { processEnvironment } from '#config/env.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { startPostgres } from '#scripts/local-postgres.ts';
import { runStatement } from './run-statement.ts';
import { shared } from './shared.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

/** What `createTestDatabase` needs to copy the migrated template and to connect as each role. */
export interface PostgresForTests {
  /** Connects the owner to the maintenance database. */
  readonly adminUrl: string;
  readonly template: string;
  readonly appPassword: string;
  readonly detectorPassword: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: PostgresForTests;
  }
}

/**
 * Gives the run a Postgres with a migrated template database: the server that `VIGIL_TEST_DATABASE_URL` names (its user
 * must be allowed to create databases and roles, and the roles `vigil_app` and `vigil_detector` get new passwords), or one
 * of its own that trades durability for speed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, release } = await shared('postgres', start);
  project.provide('postgres', value.context);
  return release;
}

async function start(): Promise<{ context: PostgresForTests; stop(): Promise<void> }> {
  const given = processEnvironment['VIGIL_TEST_DATABASE_URL'];
  const server = given ? { adminUrl: given, stop: () => Promise.resolve() } : await startOwnServer();
  const context: PostgresForTests = {
    adminUrl: server.adminUrl,
    template: `vigil_template_${randomBytes(6).toString('hex')}`,
    appPassword: randomBytes(18).toString('base64url'),
    detectorPassword: randomBytes(18).toString('base64url'),
  };
  const stop = async (): Promise<void> => {
    if (given) await runStatement(given, `drop database if exists ${context.template} with (force)`);
    await server.stop();
  };
  try {
    await createTemplate(context);
  } catch (error) {
    await stop();
    throw error;
  }
  return { context, stop };
}

async function startOwnServer(): Promise<{ adminUrl: string; stop(): Promise<void> }> {
  const { value, stop } = await inTemporaryFolder('test-postgres', (directory) =>
    startPostgres({ directory, durable: false }),
  );
  return { adminUrl: value.ownerUrl, stop };
}

async function createTemplate({ adminUrl, template, appPassword, detectorPassword }: PostgresForTests): Promise<void> {
  await runStatement(adminUrl, `create database ${template}`);
  const url = new URL(adminUrl);
  url.pathname = `/${template}`;
  await migrateDatabase(url.href, { appPassword, detectorPassword });
  // Nobody can be connected to a database while it is copied.
  await runStatement(adminUrl, `alter database ${template} with allow_connections false`);
}
