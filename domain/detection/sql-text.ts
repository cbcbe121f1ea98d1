/** What to correct in the SQL of a detector, and at which character. */
export interface SqlProblem {
  readonly offset: number;
  readonly detail: string;
}

export const longestSql = 20_000;

/**
 * Lists what keeps a text from being a detector's one SELECT. Runs before the text is stored and again before it runs.
 *
 * It looks at the text the way PostgreSQL's scanner does (comments, quotes, dollar quotes), so that what seems to be
 * inside a string is inside it there too. A text without problems cannot close a bracket that a caller opened around
 * it, nor end its statement. It does not know what the text reads: the read-only role and its grants decide that.
 * Escape strings (`E'…'`) are not accepted, because their continuation lines would need a second scanner.
 */
export function sqlProblems(text: string): SqlProblem[] {
  if (text.length > longestSql)
    return [{ offset: longestSql, detail: `must not be longer than ${longestSql} characters` }];
  const nul = text.indexOf('\0');
  if (nul !== -1) return [{ offset: nul, detail: 'must not hold a NUL character' }];

  const problems: SqlProblem[] = [];
  const add = (offset: number, detail: string) => problems.push({ offset, detail });
  let depth = 0;
  let isFirstWord = true;
  let at = 0;
  while (at < text.length) {
    const token = nextToken(text, at);
    if (token.kind === 'unterminated') {
      add(at, 'opens a comment or quote that is never closed');
      break;
    }
    const written = text.slice(at, token.end);
    if (token.kind === 'code' && written.trim() !== '') {
      if (isFirstWord && !/^(?:select|with)$/i.test(written)) add(at, 'must begin with SELECT or WITH');
      isFirstWord = false;
      if (/^e$/i.test(written) && text[token.end] === "'")
        add(at, "must not be an escape string: write '…' instead of E'…'");
      if (written === ';') add(at, 'must be one statement, without a semicolon');
      if (/^\$(?:0|[4-9]|\d\d+)$/.test(written))
        add(at, 'must use only $1 (product), $2 (window start) and $3 (window end)');
      if (written === '(') depth++;
      if (written === ')' && --depth < 0) add(at, 'closes a bracket that it did not open');
    }
    if (depth < 0) break;
    at = token.end;
  }
  if (depth > 0) add(text.length, 'leaves a bracket open');
  if (isFirstWord && problems.length === 0) add(0, 'must begin with SELECT or WITH');
  return problems;
}

interface Token {
  readonly kind: 'code' | 'quoted' | 'unterminated';
  readonly end: number;
}

const lineComment = /--[^\n\r]*/y;
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+|\d+|\s+/y;

function nextToken(text: string, at: number): Token {
  const end = (pattern: RegExp): number | undefined => {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : undefined;
  };
  const comment = end(lineComment);
  if (comment !== undefined) return { kind: 'quoted', end: comment };
  if (text.startsWith('/*', at)) return blockComment(text, at);
  if (text[at] === "'" || text[at] === '"') return closedBy(end(quoted));
  const tagEnd = end(dollarTag);
  if (tagEnd !== undefined) {
    const tag = text.slice(at, tagEnd);
    const close = text.indexOf(tag, tagEnd);
    return closedBy(close === -1 ? undefined : close + tag.length);
  }
  return { kind: 'code', end: end(word) ?? at + 1 };
}

const closedBy = (end: number | undefined): Token =>
  end === undefined ? { kind: 'unterminated', end: -1 } : { kind: 'quoted', end };

/** Block comments nest in PostgreSQL. */
function blockComment(text: string, from: number): Token {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return closedBy(marks.lastIndex);
  }
  return closedBy(undefined);
}
