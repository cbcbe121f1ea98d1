import { fold } from './rule-text.ts';

/** Lists that rules refer to by name, ready for comparison. A name that is not there makes a condition unknown. */
export interface ReferenceLists {
  /** Members for `in_list`: the whole value must be one. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** Substrings for `matches_list`. Never regular expressions: a hostile pattern could stop the detector. */
  readonly patterns: ReadonlyMap<string, readonly string[]>;
}

/** Patterns are tried one by one, so their number bounds the time of one evaluation. */
export const mostPatterns = 10_000;

/**
 * Prepares reference lists. Case, full-width forms and surrounding blanks do not count; blank entries are dropped,
 * because an empty pattern would match everything.
 *
 * Fails with a RangeError when a pattern list holds more than `mostPatterns`.
 */
export function buildReferenceLists(lists: {
  readonly members?: Readonly<Record<string, Iterable<string>>>;
  readonly patterns?: Readonly<Record<string, Iterable<string>>>;
}): ReferenceLists {
  const members = Object.entries(lists.members ?? {}).map(([name, entries]) => [name, foldAll(entries)] as const);
  const patterns = Object.entries(lists.patterns ?? {}).map(([name, entries]) => {
    const folded = [...foldAll(entries)];
    if (folded.length > mostPatterns) throw new RangeError(`list ${name} has more than ${mostPatterns} patterns`);
    return [name, folded] as const;
  });
  return { members: new Map(members), patterns: new Map(patterns) };
}

function foldAll(entries: Iterable<string>): Set<string> {
  const folded = new Set<string>();
  for (const entry of entries) folded.add(fold(entry).trim());
  folded.delete('');
  return folded;
}
