import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findTemporalCli, TemporalCliMissingError } from './temporal-cli.ts';
import type { CliSource } from './temporal-cli.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-temporal-cli-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program that answers `--version` like the Temporal CLI. */
function fakeCli(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`);
  chmodSync(path, 0o755);
  return path;
}

const offline: CliSource = { name: 'the network', find: () => Promise.reject(new Error('cannot be reached')) };

it('takes the binary that VIGIL_TEMPORAL_CLI names before any other', async () => {
  const named = fakeCli(join(directory, 'named', 'cli'), '1.9.1');
  fakeCli(join(directory, 'bin', 'temporal'), '1.9.2');
  const environment = { VIGIL_TEMPORAL_CLI: named, PATH: join(directory, 'bin') };
  expect(await findTemporalCli({ environment, directory })).toBe(named);
});

it('does not look further when the named binary cannot be used', async () => {
  const named = fakeCli(join(directory, 'named', 'cli'), '1.3.0');
  fakeCli(join(directory, 'bin', 'temporal'), '1.9.2');
  const environment = { VIGIL_TEMPORAL_CLI: named, PATH: join(directory, 'bin') };
  await expect(findTemporalCli({ environment, directory })).rejects.toThrow(
    /VIGIL_TEMPORAL_CLI: .*too old.*1\.3\.0.*1\.9 or newer/,
  );
});

it.each(['1.9.0', '1.10.2', '2.0.0', '1.9.4-time-skipping'])('finds version %s on PATH', async (version) => {
  const cli = fakeCli(join(directory, 'bin', 'temporal'), version);
  const environment = { PATH: `/no/such/folder:${join(directory, 'bin')}` };
  expect(await findTemporalCli({ environment, directory })).toBe(cli);
});

it('passes over an old one on PATH, and finds the one in the cache', async () => {
  fakeCli(join(directory, 'bin', 'temporal'), '1.8.2');
  const cached = fakeCli(join(directory, 'cache-home', 'vigil', 'temporal-cli-1.9.1', 'temporal'), '1.9.1');
  const environment = {
    PATH: join(directory, 'bin'),
    XDG_CACHE_HOME: join(directory, 'cache-home'),
    HOME: directory,
    TMPDIR: directory,
  };
  expect(await findTemporalCli({ environment, directory })).toBe(cached);
});

it('takes the copy of the SDK, unless somebody else may have written it', async () => {
  const { version } = createRequire(import.meta.url)('@temporalio/client/package.json') as { version: string };
  const copy = fakeCli(join(directory, `temporal-sdk-typescript-${version}`), '1.9.3');
  const environment = { PATH: '', HOME: directory, TMPDIR: directory };
  expect(await findTemporalCli({ environment, directory })).toBe(copy);
  chmodSync(copy, 0o777);
  const search = findTemporalCli({ environment, directory, downloads: [offline] });
  await expect(search).rejects.toThrow('could have been put there by somebody else');
});

it('tells each attempt, why it failed and what to install', async () => {
  const broken = join(directory, 'bin', 'temporal');
  mkdirSync(dirname(broken));
  writeFileSync(broken, 'not a program');
  chmodSync(broken, 0o755);
  const environment = { PATH: join(directory, 'bin'), HOME: directory, TMPDIR: directory };
  const failure = await findTemporalCli({ environment, directory, downloads: [offline] }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TemporalCliMissingError);
  const lines = (failure as Error).message.split('\n');
  const attempts = lines.filter((line) => line.startsWith('  - ')).map((line) => line.slice(4));
  expect(attempts.slice(0, 5)).toEqual([
    'VIGIL_TEMPORAL_CLI: not set',
    expect.stringMatching(/^"temporal" on PATH: .*temporal does not run: /),
    'the copy that the Temporal SDK downloaded: no such copy',
    'the copy in the cache of Vigil: no such copy',
    'the network: cannot be reached',
  ]);
  for (const way of ['TEMPORAL_ADDRESS', 'VIGIL_TEMPORAL_CLI', 'brew install temporal', 'pip']) {
    expect((failure as Error).message).toContain(way);
  }
});

it('leaves nothing behind when nothing was found', async () => {
  const environment = { PATH: '', HOME: join(directory, 'home'), TMPDIR: directory };
  await findTemporalCli({ environment, directory, downloads: [offline] }).catch(() => undefined);
  expect(existsSync(join(directory, 'home'))).toBe(false);
});
