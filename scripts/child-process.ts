import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetProcess, recordProcess } from './pid-records.ts';

export interface ChildOptions {
  /** Names the process in messages and its pid record. Unique within `directory`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Runs the child as this user. Only root can do that. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Both output streams are appended here by the child itself. */
  readonly logFile: string;
  /** Holds the pid record, by which the next start finds what a killed parent left behind. */
  readonly directory: string;
  /** The signal that asks this program to end in order. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** How a process ended: `code` is null when a signal ended it. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  isRunning(): boolean;
  /** Asks the process to end, kills it after `graceMs` milliseconds, and returns when it is gone. */
  stop(graceMs?: number): Promise<Exit>;
  /** Sends a signal, SIGKILL unless told, and returns when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

const defaultGraceMs = 10_000;
/** A log that grew beyond this many bytes is put aside when the program starts again. */
const largestLog = 20_000_000;

/**
 * Starts a program that ends with this process at the latest.
 *
 * It runs in a session of its own, so that Ctrl-C reaches only this process, which then stops its children in order. A
 * tether (see `tether`) ends it when this process dies without doing so. Rejects when the program cannot be started.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openLog(options.logFile);
  const child = spawn(options.command, options.args, {
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new Error(`${options.name} could not be started: ${cause.message}`, { cause })),
    );
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} started without a pid.`);

  const stopSignal = options.stopSignal ?? 'SIGTERM';
  recordProcess(options.directory, { name: options.name, pid, stopSignal });
  const untether = tether(pid, stopSignal);
  const gone = exited.then((exit) => {
    untether();
    forgetProcess(options.directory, { name: options.name, pid });
    return exit;
  });

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> => {
    if (isRunning()) child.kill(signal);
    return gone;
  };
  const stop = async (graceMs = defaultGraceMs): Promise<Exit> => {
    if (isRunning()) child.kill(stopSignal);
    const timer = new AbortController();
    const exit = await Promise.race([gone, delay(graceMs, null, { signal: timer.signal }).catch(() => null)]);
    timer.abort();
    return exit ?? kill('SIGKILL');
  };
  return { name: options.name, pid, exited: gone, isRunning, stop, kill };
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > largestLog) renameSync(file, `${file}.old`);
  return openSync(file, 'a', 0o600);
}

/** The end of a log, for a message about a program that failed. */
export const tailOf = (logFile: string): string =>
  existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-2000) : '';

/**
 * Ends `pid` when this process dies, even by SIGKILL: a shell blocks reading a pipe that only this process holds open,
 * and sends the signal at its end. Returns the function that lets `pid` go.
 */
function tether(pid: number, signal: NodeJS.Signals): () => void {
  const script = 'read -r _ || kill -s "$2" "$1" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, 'vigil-tether', String(pid), signal.slice('SIG'.length)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  return () => watcher.kill('SIGKILL');
}
