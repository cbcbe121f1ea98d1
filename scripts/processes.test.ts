import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DirectoryInUseError } from './pid-records.ts';
import { findFreePort } from './ports.ts';
import { identify, isRunning } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { createSupervisor, StoppingError } from './processes.ts';
import type { SpawnOptions, Supervisor } from './processes.ts';

// Each test starts programs: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000 });
const patiently = { timeout: 15_000 };

let directory: string;
let supervisor: Supervisor;
const strays: ChildProcess[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-processes-'));
  supervisor = await createSupervisor({ directory });
});

afterEach(async () => {
  await supervisor.stopAll();
  for (const stray of strays.splice(0)) stray.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** A Node program that says `ready` and its pid, and stays. */
const program = (code: string, name = 'program'): SpawnOptions => ({
  name,
  command: process.execPath,
  args: ['-e', `${code}; setInterval(() => {}, 1000); console.log('ready', process.pid)`],
  env: {},
  ready: { line: /^ready (\d+)$/ },
});

const theProcess = (pid: number): ProcessIdentity => {
  const identity = identify(pid);
  if (identity === null) throw new Error(`process ${pid} does not run`);
  return identity;
};

describe('a supervised process', () => {
  it('is there when it said so, and its output is in its log', async () => {
    const child = await supervisor.spawnProcess(program('console.error("to the log")'));
    expect(Number(child.readyLine?.[1])).toBe(child.pid);
    expect(readFileSync(join(directory, 'logs', 'program.log'), 'utf8')).toContain('to the log');
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(identify(child.pid)).toBeNull();
  });

  it('is there when its URL answers', async () => {
    const port = await findFreePort();
    const server = `require('http').createServer((_, answer) => answer.end()).listen(${port}, '127.0.0.1')`;
    const child = await supervisor.spawnProcess({ ...program(server), ready: { url: `http://127.0.0.1:${port}/` } });
    expect(child.isRunning()).toBe(true);
  });

  it('is reported with the end of its log when it ends at once, or stays silent', async () => {
    const failing = program('console.error("no database"); process.exit(3)');
    await expect(supervisor.spawnProcess(failing)).rejects.toThrow(/ended at once \(3\)[^]*no database/);
    const silent = { ...program(''), ready: { line: /^never$/ }, readyWithinMs: 300 };
    await expect(supervisor.spawnProcess(silent)).rejects.toThrow('not ready within 300 ms');
  });

  it('is not taken for ready by a line of an earlier run', async () => {
    await (await supervisor.spawnProcess(program(''))).kill();
    const silent = { ...program(''), args: ['-e', 'setTimeout(() => {}, 60000)'], readyWithinMs: 300 };
    await expect(supervisor.spawnProcess(silent)).rejects.toThrow('not ready');
  });

  it('is killed when it does not end when asked', async () => {
    const child = await supervisor.spawnProcess(program('process.on("SIGTERM", () => {})'));
    expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('may be started again under its name after it was killed', async () => {
    const first = await supervisor.spawnProcess(program(''));
    await first.kill();
    const second = await supervisor.spawnProcess(program(''));
    expect(second.pid).not.toBe(first.pid);
  });

  it('cannot be started when there is no such program', async () => {
    await expect(supervisor.spawnProcess({ ...program(''), command: '/no/such/program' })).rejects.toThrow(
      'could not be started',
    );
  });
});

describe('stopping everything', () => {
  it('goes from the last started to the first, past failures, and refuses later starts', async () => {
    const stopped: string[] = [];
    const stoppable = (name: string) => async () => ({
      stop: async () => {
        stopped.push(name);
        if (name === 'second') throw new Error('cannot');
      },
    });
    for (const name of ['first', 'second', 'third']) await supervisor.start(name, stoppable(name));
    await supervisor.stopAll();
    expect(stopped).toEqual(['third', 'second', 'first']);
    await expect(supervisor.start('fourth', stoppable('fourth'))).rejects.toThrow(StoppingError);
  });

  it('ends what is being started', async () => {
    const silent = { ...program(''), ready: { line: /^never$/ } };
    const starting = expect(supervisor.spawnProcess(silent)).rejects.toThrow(StoppingError);
    await vi.waitFor(() => expect(recordedPids()).toHaveLength(1), patiently);
    await supervisor.stopAll();
    await starting;
    expect(recordedPids()).toHaveLength(0);
  });
});

describe('when the supervising process dies', () => {
  const commandWithChild = (atReady: string): ChildProcess => {
    const code = `
      import { createSupervisor } from ${JSON.stringify(new URL('processes.ts', import.meta.url).href)};
      import { stopOnSignals } from ${JSON.stringify(new URL('stop-on-signals.ts', import.meta.url).href)};
      const supervisor = await createSupervisor({ directory: ${JSON.stringify(directory)} });
      stopOnSignals(supervisor, (message) => console.error(message));
      const args = ['-e', 'setInterval(() => {}, 1000); console.log("ready")'];
      const child = await supervisor.spawnProcess({ name: 'child', command: process.execPath, args, env: {}, ready: { line: /ready/ } });
      console.log(child.pid);
      ${atReady}
    `;
    const command = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
    strays.push(command);
    return command;
  };
  const firstLine = (command: ChildProcess): Promise<string> =>
    new Promise((resolve, reject) => {
      command.stdout?.once('data', (data: Buffer) => resolve(data.toString('utf8').trim()));
      command.once('exit', () => reject(new Error('ended without a word')));
    });
  const exitOf = (command: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => command.once('exit', resolve));

  it('by SIGKILL, its children end', async () => {
    const command = commandWithChild('');
    const child = theProcess(Number(await firstLine(command)));
    command.kill('SIGKILL');
    await vi.waitFor(() => expect(isRunning(child)).toBe(false), patiently);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s, its children end first and the exit code is %i', async (signal, code) => {
    const command = commandWithChild('');
    const child = theProcess(Number(await firstLine(command)));
    const exit = exitOf(command);
    command.kill(signal);
    expect(await exit).toBe(code);
    expect(isRunning(child)).toBe(false);
  });

  it('of an error that nobody caught, its children end first and the exit code is 1', async () => {
    const command = commandWithChild('setTimeout(() => { throw new Error("unforeseen") }, 50);');
    const child = theProcess(Number(await firstLine(command)));
    expect(await exitOf(command)).toBe(1);
    expect(isRunning(child)).toBe(false);
  });
});

describe('what an earlier command left behind', () => {
  const leave = (child: ChildProcess, change: { started?: string; parent?: ProcessIdentity } = {}): ProcessIdentity => {
    const { pid, started } = theProcess(child.pid ?? 0);
    const record = {
      name: 'left',
      process: { pid, started: change.started ?? started },
      parent: change.parent ?? { pid: 1, started: 'never' },
      stopSignal: 'SIGTERM',
    };
    writeFileSync(join(directory, 'pids', 'left.json'), JSON.stringify(record));
    return { pid, started };
  };
  const stray = (): ChildProcess => {
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    strays.push(child);
    return child;
  };

  it('is stopped before anything starts', async () => {
    await supervisor.spawnProcess(program(''));
    const left = leave(stray());
    await createSupervisorAgain();
    expect(isRunning(left)).toBe(false);
  });

  it('is left alone when its pid belongs to another program by now', async () => {
    await supervisor.spawnProcess(program(''));
    const left = leave(stray(), { started: 'earlier' });
    await createSupervisorAgain();
    expect(isRunning(left)).toBe(true);
  });

  it('is no leftover while the command that started it runs', async () => {
    await supervisor.spawnProcess(program(''));
    const left = leave(stray(), { parent: theProcess(process.ppid) });
    await expect(createSupervisorAgain()).rejects.toThrow(DirectoryInUseError);
    expect(isRunning(left)).toBe(true);
  });

  /** As the next command would, after everything of this one but the stray was stopped. */
  async function createSupervisorAgain(): Promise<void> {
    await supervisor.stopAll();
    supervisor = await createSupervisor({ directory });
  }
});

function recordedPids(): string[] {
  try {
    return readFileSync(join(directory, 'pids', 'program.json'), 'utf8')
      .split('\n')
      .filter(Boolean);
  } catch {
    return [];
  }
}
