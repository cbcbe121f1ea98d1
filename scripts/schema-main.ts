import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '#db/migrate.ts';
import { startPostgres } from './local-postgres.ts';
import { assertSchemaUnchanged, dumpSchema, writeSchema } from './schema-dump.ts';

/** Migrates a fresh database and writes its picture to db/schema.sql; with `--check` only says whether it is unchanged. */
const directory = mkdtempSync(join(tmpdir(), 'vigil-schema-'));
const postgres = await startPostgres({ directory, durable: false });
try {
  await migrateDatabase(postgres.ownerUrl);
  const dump = await dumpSchema(postgres.ownerUrl);
  if (process.argv.includes('--check')) assertSchemaUnchanged(dump);
  else writeSchema(dump);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
