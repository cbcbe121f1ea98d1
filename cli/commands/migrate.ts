import type { Command } from 'commander';
import { readMigrationConfig } from '#config/env.ts';
import type { Run } from '../context.ts';
import type { Io } from '../io.ts';

export function registerMigrate(program: Command, run: Run): void {
  program
    .command('migrate')
    .description(
      'bring the database of VIGIL_DATABASE_OWNER_URL to the newest schema; safe to repeat and to run twice at once',
    )
    .addHelpText(
      'after',
      '\nThe roles vigil_app and vigil_detector get the passwords of VIGIL_DATABASE_URL and VIGIL_DETECTOR_DATABASE_URL where these are set.',
    )
    .action(
      run(async ({ io, output }) => {
        // Loaded here alone: it is the heaviest part of the command line's start.
        const { migrateDatabase } = await import('#db/migrate.ts');
        const { ownerUrl } = readMigrationConfig(io.environment);
        const appPassword = passwordOf(io, 'VIGIL_DATABASE_URL', 'vigil_app');
        const detectorPassword = passwordOf(io, 'VIGIL_DETECTOR_DATABASE_URL', 'vigil_detector');
        await migrateDatabase(ownerUrl.reveal(), {
          ...(appPassword === null ? {} : { appPassword }),
          ...(detectorPassword === null ? {} : { detectorPassword }),
        });
        output.show({ status: 'migrated' }, () => 'The database is up to date.');
      }),
    );
}

/** The password that a process will come with, when it comes as that role. */
function passwordOf({ environment }: Io, variable: string, role: string): string | null {
  const text = environment[variable];
  if (!text || !URL.canParse(text)) return null;
  const { username, password } = new URL(text);
  return username === role && password !== '' ? decodeURIComponent(password) : null;
}
