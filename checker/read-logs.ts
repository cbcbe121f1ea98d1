import { readFileSync } from 'node:fs';
import type { PhoneLine, PlatformLine } from './facts.ts';

/** A simulator's log: one JSON object a line. A last line without an end is a write in progress and is left out. */
function readLines(file: string): Readonly<Record<string, unknown>>[] {
  const text = readFileSync(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as Readonly<Record<string, unknown>>;
      } catch (error) {
        throw new Error(`${file}:${index + 1} is not JSON`, { cause: error });
      }
    });
}

const stamped = (line: Readonly<Record<string, unknown>>) => ({
  ...line,
  seq: Number(line['seq']),
  at: Date.parse(String(line['at'])),
});

const kept =
  (...wanted: readonly string[]) =>
  (line: Readonly<Record<string, unknown>>) =>
    wanted.includes(String(line['type'])) ? stamped(line) : { ...stamped(line), type: 'other' };

export const readPlatformLog = (file: string): PlatformLine[] =>
  readLines(file).map(kept('action', 'notice')) as unknown as PlatformLine[];

export const readPhonesLog = (file: string): PhoneLine[] => readLines(file).map(kept('page')) as unknown as PhoneLine[];
