import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isRunning } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** What a start writes down about a process, so that a later start can end it when its parent was killed. */
interface ProcessRecord {
  readonly name: string;
  readonly process: ProcessIdentity;
  readonly parent: ProcessIdentity;
  readonly stopSignal: NodeJS.Signals;
}

/** A process that was just killed is still seen for a moment. */
const dyingMs = 500;

/** A running Vigil owns the directory: its processes are no leftovers. */
export class DirectoryInUseError extends Error {
  constructor(directory: string, parentPid: number) {
    super(`${directory} is in use by the running process ${parentPid}. Stop that one, or choose another directory.`);
    this.name = 'DirectoryInUseError';
  }
}

const folder = (directory: string): string => join(directory, 'pids');
const recordFile = (directory: string, name: string): string => join(folder(directory), `${name}.json`);

export function recordProcess(
  directory: string,
  { name, pid, stopSignal }: { name: string; pid: number; stopSignal: NodeJS.Signals },
): void {
  const own = identify(process.pid);
  const started = identify(pid);
  // A process that ended already needs no record.
  if (own === null || started === null) return;
  const record: ProcessRecord = { name, process: started, parent: own, stopSignal };
  const file = recordFile(directory, name);
  mkdirSync(folder(directory), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

/** Removes the record of a process that ended, unless its name has gone to a later one. */
export function forgetProcess(directory: string, { name, pid }: { name: string; pid: number }): void {
  const isItsRecord = readRecords(directory).some((record) => record.name === name && record.process.pid === pid);
  if (isItsRecord) rmSync(recordFile(directory, name), { force: true });
}

/**
 * Ends the recorded processes of `directory` whose parent is gone, all of them or the one called `name`.
 *
 * A pid that was given to another program since is left alone. Throws `DirectoryInUseError` when the parent still runs.
 */
export async function stopLeftovers(directory: string, name?: string): Promise<void> {
  const records = readRecords(directory).filter((record) => name === undefined || record.name === name);
  for (const record of records) {
    if (!(await isAnyGoneWithin([record.process, record.parent], dyingMs))) {
      throw new DirectoryInUseError(directory, record.parent.pid);
    }
  }
  for (const record of records) {
    await endProcess(record.process, record.stopSignal, 5000);
    forgetProcess(directory, { name: record.name, pid: record.process.pid });
  }
}

/**
 * Ends a process that is not a child of this one: by `signal`, then after `graceMs` milliseconds by SIGKILL. Throws when
 * it is still there 5 seconds later.
 */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  sendSignal(identity.pid, signal);
  if (await isAnyGoneWithin([identity], graceMs)) return;
  sendSignal(identity.pid, 'SIGKILL');
  if (!(await isAnyGoneWithin([identity], 5000))) throw new Error(`Process ${identity.pid} cannot be ended.`);
}

async function isAnyGoneWithin(identities: readonly ProcessIdentity[], ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (identities.every(isRunning)) {
    if (performance.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readRecords(directory: string): ProcessRecord[] {
  let files: string[];
  try {
    files = readdirSync(folder(directory)).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(join(folder(directory), file), 'utf8')) as ProcessRecord];
    } catch {
      return [];
    }
  });
}
