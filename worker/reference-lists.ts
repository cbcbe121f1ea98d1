import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildReferenceLists } from '#domain/detection/reference-lists.ts';
import type { ReferenceLists } from '#domain/detection/reference-lists.ts';

/**
 * Reads the reference lists of rules detectors from a folder: `NAME.members.txt` for whole values, `NAME.patterns.txt`
 * for substrings, one entry a line, `#` begins a comment line. No folder: no lists, and rules that name one say so.
 */
export async function loadReferenceLists(folder: string | null): Promise<ReferenceLists> {
  const members: Record<string, string[]> = {};
  const patterns: Record<string, string[]> = {};
  for (const file of folder === null ? [] : await readdir(folder)) {
    const [, name, kind] = /^([a-z0-9_-]+)\.(members|patterns)\.txt$/.exec(file) ?? [];
    if (folder === null || !name || !kind) continue;
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n');
    (kind === 'members' ? members : patterns)[name] = lines.filter(
      (line) => line.trim() !== '' && !line.startsWith('#'),
    );
  }
  return buildReferenceLists({ members, patterns });
}
