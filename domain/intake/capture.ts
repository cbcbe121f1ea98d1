/**
 * The texts that the places `(*)` of a pattern stand for, or null when the text does not fit it from end to end. `*` stands
 * for any text, all else for itself whatever its case; a backslash before a star or a bracket makes it plain.
 *
 * The parts between stars are sought from left to right, each at its first place: unlike a regular expression, no pattern
 * and no text can make it slow.
 */
export function captured(pattern: string, text: string): readonly string[] | null {
  const { literals, isTaken } = parse(pattern);
  const found: string[] = [];
  const haystack = text.toLowerCase();
  let from = 0;
  for (const [index, literal] of literals.entries()) {
    const isLast = index === literals.length - 1;
    const at = placeOf(literal, haystack, { from, isFirst: index === 0, isLast });
    if (at === null) return null;
    if (isTaken[index - 1] === true) found.push(text.slice(from, at));
    from = at + literal.length;
  }
  return found;
}

/** What is wrong with a pattern whose parts are to be a key; null when nothing is. */
export function captureFault(pattern: string): string | null {
  return parse(pattern).isTaken.includes(true) ? null : 'must hold at least one (*), which is what the key is made of';
}

interface Parsed {
  /** Lower case; between each and the next one stands a star. */
  readonly literals: readonly string[];
  /** Whether that star is taken, one fewer than literals. */
  readonly isTaken: readonly boolean[];
}

function parse(pattern: string): Parsed {
  const literals: string[] = [];
  const isTaken: boolean[] = [];
  let literal = '';
  for (const [token] of pattern.matchAll(/\\[*()\\]|\(\*\)|\*+|[^]/gu)) {
    const isStar = token.startsWith('*') || token === '(*)';
    if (!isStar) {
      literal += token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
      continue;
    }
    literals.push(literal.toLowerCase());
    isTaken.push(token === '(*)');
    literal = '';
  }
  return { literals: [...literals, literal.toLowerCase()], isTaken };
}

function placeOf(
  literal: string,
  text: string,
  { from, isFirst, isLast }: { from: number; isFirst: boolean; isLast: boolean },
): number | null {
  if (isFirst) return text.startsWith(literal) && (!isLast || text === literal) ? 0 : null;
  if (isLast) {
    const at = text.length - literal.length;
    return at >= from && text.endsWith(literal) ? at : null;
  }
  const at = text.indexOf(literal, from);
  return at === -1 ? null : at;
}
