import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canReach, copyBinaries, findPostgresBinaries, postgresUser } from './postgres-binaries.ts';
import type { PostgresBinaries, SystemUser } from './postgres-binaries.ts';

const run = promisify(execFile);

export const owner = 'vigil_owner';
/** What Postgres programs get to see of the environment: fixed, so that their messages and sorting are. */
export const postgresEnvironment = { LC_ALL: 'C', PATH: '/usr/bin:/bin' };

/** A cluster on disk and what is needed to run it. */
export interface Cluster {
  readonly data: string;
  /** The superuser's. */
  readonly password: string;
  /** Who must run it; undefined for the user of this process. */
  readonly user: SystemUser | undefined;
  readonly binaries: PostgresBinaries;
}

/**
 * Opens the cluster of a state folder, making it on the first call.
 *
 * It lies in `postgres/` of the folder: the data, and the superuser's password in a file for the owner alone. When root
 * keeps the folder where the user that must run Postgres cannot enter, the cluster and a copy of the binaries lie in the
 * system's temporary folder, and the folder remembers where. A start that was killed half-way leaves nothing to repair.
 */
export async function openCluster(directory: string, options: { isDurable: boolean }): Promise<Cluster> {
  const installed = await findPostgresBinaries();
  const home = clusterHome(directory, postgresUser());
  const data = join(home, 'data');
  const isNew = !existsSync(join(data, 'PG_VERSION'));
  const user = isNew ? postgresUser() : userOf(data);
  const binaries =
    user !== undefined && !canReach(user, installed.postgres)
      ? copyBinaries(installed, join(home, 'binaries'))
      : installed;
  const passwordFile = join(home, 'owner-password');
  if (isNew) await createCluster({ data, passwordFile, user, binaries, isDurable: options.isDurable });
  if (!existsSync(passwordFile)) {
    throw new Error(
      `${passwordFile} is missing, and without it nobody can log in. Remove ${home} to start with an empty database.`,
    );
  }
  return { data, password: readFileSync(passwordFile, 'utf8').trim(), user, binaries };
}

/** Root runs a cluster as the user who made it: perhaps an ordinary user of this checkout. */
function userOf(data: string): SystemUser | undefined {
  const { uid, gid } = statSync(data);
  return process.getuid?.() === 0 ? { uid, gid } : undefined;
}

function clusterHome(directory: string, user: SystemUser | undefined): string {
  const home = join(directory, 'postgres');
  mkdirSync(home, { recursive: true });
  if (user === undefined || canReach(user, join(home, 'data'))) return home;
  const remembered = noteIn(home, movedTo);
  if (remembered !== null && existsSync(remembered)) return remembered;
  removeAbandonedHomes();
  const moved = mkdtempSync(join(tmpdir(), movedPrefix));
  chmodSync(moved, 0o755);
  writeFileSync(join(moved, belongsTo), `${home}\n`);
  writeFileSync(join(home, movedTo), `${moved}\n`);
  return moved;
}

const movedPrefix = 'vigil-postgres-';
const movedTo = 'moved-to';
const belongsTo = 'belongs-to';

/** Removes the moved clusters that no state folder knows any more, as after a test. */
function removeAbandonedHomes(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(movedPrefix))) {
    const moved = join(tmpdir(), name);
    const home = lstatSync(moved).uid === process.getuid?.() ? noteIn(moved, belongsTo) : null;
    if (home !== null && noteIn(home, movedTo) !== moved) rmSync(moved, { recursive: true, force: true });
  }
}

function noteIn(folder: string, name: string): string | null {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

async function createCluster(
  of: Omit<Cluster, 'password'> & { readonly passwordFile: string; readonly isDurable: boolean },
): Promise<void> {
  const partial = `${of.data}.new`;
  // initdb runs as the cluster's user and must read the password once.
  const passwordForInitdb = join(dirname(of.data), 'initial-password');
  for (const path of [of.data, partial]) rmSync(path, { recursive: true, force: true });
  for (const path of [of.passwordFile, passwordForInitdb]) rmSync(path, { force: true });
  const password = `${randomBytes(24).toString('base64url')}\n`;
  writeFileSync(of.passwordFile, password, { mode: 0o600 });
  writeFileSync(passwordForInitdb, password, { mode: 0o600 });
  mkdirSync(partial, { mode: 0o700 });
  if (of.user !== undefined) {
    chownSync(partial, of.user.uid, of.user.gid);
    chownSync(passwordForInitdb, of.user.uid, of.user.gid);
  }
  const args = [
    `--pgdata=${partial}`,
    `--username=${owner}`,
    `--pwfile=${passwordForInitdb}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in collation sorts the same on every system, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(of.isDurable ? [] : ['--no-sync']),
  ];
  try {
    await run(of.binaries.initdb, args, { ...of.user, cwd: partial, env: postgresEnvironment });
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw new Error(`The Postgres cluster could not be made: ${stderr?.trim() || message}`, { cause });
  } finally {
    rmSync(passwordForInitdb, { force: true });
  }
  renameSync(partial, of.data);
}
