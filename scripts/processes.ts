import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild, tailOf } from './child-process.ts';
import type { Child, ChildOptions } from './child-process.ts';
import { stopLeftovers } from './pid-records.ts';

export interface SpawnOptions extends Omit<ChildOptions, 'directory' | 'logFile'> {
  /** Default: `logs/<name>.log` in the supervisor's directory. */
  readonly logFile?: string;
  /** How the process shows that it works: it answers a URL with 2xx, or prints a line. */
  readonly ready: { readonly url: string } | { readonly line: RegExp };
  /** Default 30,000. */
  readonly readyWithinMs?: number;
}

export interface SupervisedProcess extends Child {
  /** The printed line that made it ready, taken apart by the pattern; null when a URL was asked. */
  readonly readyLine: RegExpExecArray | null;
}

/** Something that runs until it is stopped: a server of `startPostgres` or `startTemporal`, or an in-process server. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

export interface Supervisor {
  /**
   * Starts a program and returns when it is ready. Rejects with the end of its log when it ends or stays silent. A name
   * may be used again once its process is gone.
   */
  spawnProcess(options: SpawnOptions): Promise<SupervisedProcess>;
  /** Starts something else that `stopAll` must stop in its turn. */
  start<T extends Stoppable>(name: string, start: () => Promise<T>): Promise<T>;
  /** Stops everything, last started first, also what is being started now. Later starts are refused. Never rejects. */
  stopAll(): Promise<void>;
  /** Aborts when `stopAll` begins. */
  readonly stopping: AbortSignal;
}

/** A start was asked for, or was under way, when everything was being stopped. */
export class StoppingError extends Error {
  constructor(name: string) {
    super(`${name} is not started: everything is being stopped.`);
    this.name = 'StoppingError';
  }
}

/**
 * Keeps track of the processes of one command, so that none outlives it. `directory` is the state folder: logs and pid
 * records go there, and processes that a killed command left behind are stopped first.
 */
export async function createSupervisor(options: {
  directory: string;
  log?: (message: string) => void;
}): Promise<Supervisor> {
  const directory = resolve(options.directory);
  const log = options.log ?? (() => undefined);
  const controller = new AbortController();
  const running = new Map<symbol, { name: string; started: Promise<Stoppable> }>();
  await stopLeftovers(directory);

  const start = async <T extends Stoppable>(name: string, begin: () => Promise<T>): Promise<T> => {
    if (controller.signal.aborted) throw new StoppingError(name);
    const key = Symbol(name);
    const started = begin();
    running.set(key, { name, started });
    try {
      const value = await started;
      if (value instanceof Object && 'exited' in value) {
        void (value.exited as Promise<unknown>).then(() => running.delete(key));
      }
      return value;
    } catch (error) {
      running.delete(key);
      throw error;
    }
  };

  const stopAll = async (): Promise<void> => {
    controller.abort();
    for (const [key, { name, started }] of [...running].toReversed()) {
      try {
        await (await started).stop();
      } catch (error) {
        log(`${name} did not stop in order: ${(error as Error).message}`);
      }
      running.delete(key);
    }
  };

  return {
    spawnProcess: (spawn) => start(spawn.name, () => spawnReady(spawn, directory, controller.signal)),
    start,
    stopAll,
    stopping: controller.signal,
  };
}

async function spawnReady(options: SpawnOptions, directory: string, stopping: AbortSignal): Promise<SupervisedProcess> {
  const { ready, readyWithinMs = 30_000, ...program } = options;
  const logFile = options.logFile ?? join(directory, 'logs', `${options.name}.log`);
  const logStart = existsSync(logFile) ? statSync(logFile).size : 0;
  const child = await startChild({ ...program, directory, logFile });
  const deadline = performance.now() + readyWithinMs;
  while (child.isRunning() && !stopping.aborted && performance.now() < deadline) {
    if ('url' in ready) {
      if (await answersOk(ready.url)) return { ...child, readyLine: null };
    } else {
      const readyLine = findLine(logFile, logStart, ready.line);
      if (readyLine !== null) return { ...child, readyLine };
    }
    await delay(40);
  }
  const ended = child.isRunning() ? null : await child.exited;
  await child.stop(stopping.aborted ? undefined : 2000);
  if (stopping.aborted) throw new StoppingError(options.name);
  const what =
    ended === null ? `was not ready within ${readyWithinMs} ms` : `ended at once (${ended.code ?? ended.signal})`;
  throw new Error(`${options.name} ${what}. The end of its log:\n${tailOf(logFile)}`);
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function findLine(logFile: string, from: number, pattern: RegExp): RegExpExecArray | null {
  const file = openSync(logFile, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
    readSync(file, buffer, 0, buffer.length, from);
    const text = buffer.toString('utf8');
    // What comes after the last line break is still being written.
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      const match = pattern.exec(line);
      if (match !== null) return match;
    }
    return null;
  } finally {
    closeSync(file);
  }
}
