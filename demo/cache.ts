import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where the demo keeps what it can compute again. Ignored by git; deleting it costs seconds. */
const defaultCacheDir = path.join(import.meta.dirname, '..', '.vigil', 'cache');

/** A short hash over the contents of source files, so that a change of the code that computes a value renews it. */
export function sourceFingerprint(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/**
 * Returns the value kept under this name and key, or builds it and keeps it.
 *
 * The key holds everything the value depends on (package versions, source fingerprints). A missing, damaged or
 * unwritable cache only costs the time to build. Two processes may build at once: the file is replaced as a whole, so
 * a reader never sees half of it.
 */
export async function cached<T>(
  name: string,
  key: readonly string[],
  build: () => Promise<T> | T,
  dir: string = defaultCacheDir,
): Promise<T> {
  const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
  const file = path.join(dir, `${name}-${digest}.json`);
  const kept = readKept(file);
  if (kept !== undefined) return kept as T;

  const value = await build();
  try {
    mkdirSync(dir, { recursive: true });
    const partial = `${file}.${process.pid}.partial`;
    writeFileSync(partial, JSON.stringify(value));
    renameSync(partial, file);
  } catch {
    // A read-only checkout still runs the demo, only slower.
  }
  return value;
}

function readKept(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
