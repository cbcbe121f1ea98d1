import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres } from '#scripts/local-postgres.ts';
import type { LocalPostgres } from '#scripts/local-postgres.ts';
import { DirectoryInUseError } from '#scripts/pid-records.ts';
import { identify, isRunning } from '#scripts/process-identity.ts';

let directory: string;
let postgres: LocalPostgres | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-local-postgres-'));
  chmodSync(directory, 0o755);
  await (await startPostgres({ directory })).stop();
});

afterEach(async () => {
  await postgres?.stop();
  postgres = undefined;
});

afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 20 }));

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** A command that starts the same Postgres in a process of its own and prints the pids of both. */
function startElsewhere(): { kill(): void; printed: Promise<{ parent: number; postgres: number }> } {
  const code = `
    import { startPostgres } from ${JSON.stringify(new URL('../../scripts/local-postgres.ts', import.meta.url).href)};
    const { pid } = await startPostgres({ directory: ${JSON.stringify(directory)} });
    console.log(JSON.stringify({ parent: process.pid, postgres: pid }));
  `;
  const command = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    kill: () => command.kill('SIGKILL'),
    printed: new Promise((resolve, reject) => {
      command.stdout.once('data', (data: Buffer) => resolve(JSON.parse(data.toString('utf8')) as never));
      command.once('exit', () => reject(new Error('the command ended before Postgres was up')));
    }),
  };
}

describe('the Postgres of a checkout', () => {
  it('keeps what was committed over a stop, a restart and a crash', async () => {
    postgres = await startPostgres({ directory });
    await query(postgres.ownerUrl, 'create table kept (step text)');
    const remember = (step: string) => query(postgres?.ownerUrl ?? '', `insert into kept values ('${step}')`);
    await remember('first');
    const { port, pid } = postgres;
    await postgres.restart('fast');
    await remember('after a restart');
    await postgres.restart('immediate');
    expect(postgres.port).toBe(port);
    expect(postgres.pid).not.toBe(pid);
    await remember('after a crash');
    await postgres.stop();
    postgres = await startPostgres({ directory });
    expect(await query(postgres.ownerUrl, 'select step from kept')).toEqual([
      { step: 'first' },
      { step: 'after a restart' },
      { step: 'after a crash' },
    ]);
  });

  it('lets nobody in without the password, which only its owner can read', async () => {
    postgres = await startPostgres({ directory });
    const stranger = new URL(postgres.ownerUrl);
    stranger.password = 'guessed';
    await expect(query(stranger.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(directory, 'postgres', 'owner-password')).mode & 0o077).toBe(0);
    const log = readFileSync(join(directory, 'logs', 'postgres.log'), 'utf8');
    expect(log).not.toContain(new URL(postgres.ownerUrl).password);
  });

  it('writes through to the disk, unless it is told that the data may be lost', async () => {
    postgres = await startPostgres({ directory });
    expect(await query(postgres.ownerUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
    await postgres.stop();
    postgres = await startPostgres({ directory, durable: false });
    expect(await query(postgres.ownerUrl, 'show fsync')).toEqual([{ fsync: 'off' }]);
  });

  it('sorts and tells the time the same everywhere', async () => {
    postgres = await startPostgres({ directory });
    expect(
      await query(
        postgres.ownerUrl,
        `select lower('ÄÖ') as lower, 'B' < 'a' as bytes, current_setting('timezone') as zone`,
      ),
    ).toEqual([{ lower: 'äö', bytes: true, zone: 'UTC' }]);
  });

  it('starts although the server before it was killed with clients connected', async () => {
    postgres = await startPostgres({ directory });
    const client = new Client({ connectionString: postgres.ownerUrl });
    client.on('error', () => undefined);
    await client.connect();
    process.kill(postgres.pid, 'SIGKILL');
    postgres = await startPostgres({ directory });
    expect(await query(postgres.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    await client.end().catch(() => undefined);
  });

  it('starts although its lock file names a pid that another program has by now', async () => {
    const lockFile = join(directory, 'postgres', 'data', 'postmaster.pid');
    const stranger = spawn('/bin/sleep', ['60'], {
      stdio: 'ignore',
      ...statOwner(join(directory, 'postgres', 'data')),
    });
    try {
      writeFileSync(lockFile, `${stranger.pid}\n${join(directory, 'postgres', 'data')}\n1\n5432\n\n127.0.0.1\n0 0\n`);
      postgres = await startPostgres({ directory });
      expect(await query(postgres.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(identify(stranger.pid ?? 0)).not.toBeNull();
    } finally {
      stranger.kill();
    }
  });
});

describe('two commands on one checkout', () => {
  it('the second one is told who uses the directory, and the first one is not disturbed', async () => {
    const other = startElsewhere();
    const { parent, postgres: pid } = await other.printed;
    await expect(startPostgres({ directory })).rejects.toThrow(DirectoryInUseError);
    await expect(startPostgres({ directory })).rejects.toThrow(`running process ${parent}`);
    const server = identify(pid);
    expect(server).not.toBeNull();
    other.kill();
    await vi.waitFor(() => expect(server !== null && isRunning(server)).toBe(false), { timeout: 15_000 });
  });

  it('the second one starts at once when the first one was killed', async () => {
    const other = startElsewhere();
    const { postgres: pid } = await other.printed;
    other.kill();
    postgres = await startPostgres({ directory });
    expect(postgres.pid).not.toBe(pid);
    expect(identify(pid)).toBeNull();
  });
});

function statOwner(path: string): { uid: number; gid: number } | Record<string, never> {
  const { uid, gid } = statSync(path);
  return process.getuid?.() === 0 ? { uid, gid } : {};
}
