import { appendFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { toIso } from '#domain/time.ts';

/** A line of a simulator's log: numbered from 1 without gaps, with the moment it was written. */
export type Logged<R> = R & { readonly seq: number; readonly at: string };

export interface EventLog<R> {
  readonly records: readonly Logged<R>[];
  /** Writes one line with one call, so that a reader or a kill never sees half of it followed by another. */
  append(record: R): Logged<R>;
}

/**
 * Opens the log that is at once the simulator's memory and what an independent checker reads.
 *
 * Lines survive a SIGKILL of the process (they are in the kernel), not a power cut: there is no fsync. A torn last line
 * is cut off, since whoever sent that request got no answer and sends it again; a broken line elsewhere throws. Without
 * a file the log lives in memory.
 */
export function openLog<R extends object>(file: string | null, now: () => number): EventLog<R> {
  const records: Logged<R>[] = file === null ? [] : readLog<R>(file);
  return {
    records,
    append(record) {
      const logged = { seq: records.length + 1, at: toIso(now()), ...record };
      if (file !== null) appendFileSync(file, `${JSON.stringify(logged)}\n`);
      records.push(logged);
      return logged;
    },
  };
}

function readLog<R>(file: string): Logged<R>[] {
  mkdirSync(path.dirname(file), { recursive: true });
  // Made at once, so that a reader finds the log of a simulator to which nothing happened.
  appendFileSync(file, '');
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(file, end);
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, index) => parseLine<R>(line, `${file}:${index + 1}`));
}

function parseLine<R>(line: string, where: string): Logged<R> {
  try {
    return JSON.parse(line) as Logged<R>;
  } catch (error) {
    throw new Error(`${where} is not JSON: this is not the log of a simulator, or it was edited`, { cause: error });
  }
}
