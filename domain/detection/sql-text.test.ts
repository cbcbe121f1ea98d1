import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestSql, sqlProblems } from './sql-text.ts';

describe('sqlProblems', () => {
  it.each([
    'select 1',
    '  /* why: /* nested */ ; */ -- ; )\n WITH a AS (SELECT $1) SELECT * FROM a',
    'SELECT account_ref FROM e WHERE note <> \';)\' AND "odd;)" = $$;)$$ AND x = $q$ $$ ;) $q$',
    "SELECT 'it''s ;' , a$b$c FROM t WHERE p = $1 AND at >= $2 AND at < $3",
    "SELECT 'back\\slash' FROM t",
  ])('accepts %s', (text) => {
    expect(sqlProblems(text)).toEqual([]);
  });

  it.each<[string, number]>([
    ['', 0],
    ['-- nothing', 0],
    ['DELETE FROM t', 0],
    ['/* x */ UPDATE t SET a = 1', 8],
    ['selection', 0],
    ['(SELECT 1)', 0],
    ['SELECT 1; DROP TABLE t', 8],
    ['SELECT 1;', 8],
    ["SELECT '\\'; DROP TABLE t --'", 10],
    ["SELECT E'\\'; DROP' FROM t", 7],
    ['SELECT 1) AS d; --', 8],
    ['SELECT 1 -- \r) x', 13],
    ['SELECT (1', 9],
    ["SELECT 'open", 7],
    ['SELECT $$open', 7],
    ['SELECT /* /* */', 7],
    ['SELECT $4', 7],
    ['SELECT $10', 7],
    ['SELECT \0', 7],
  ])('refuses %j at character %i', (text, offset) => {
    expect(sqlProblems(text)[0]?.offset).toBe(offset);
  });

  it('refuses a text that is too long', () => {
    expect(sqlProblems(`SELECT ${' '.repeat(longestSql)}`)).toHaveLength(1);
  });

  it('never throws, and a clean text stays closed whatever is put around it', () => {
    const piece = fc.constantFrom(
      'SELECT',
      'a',
      "'",
      '"',
      '$$',
      '$t$',
      '--',
      '\n',
      '\r',
      '/*',
      '*/',
      '(',
      ')',
      ';',
      ' ',
      '$1',
      "E'",
      '\\',
      'é',
      '$',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = `SELECT ${pieces.join('')}`;
        if (sqlProblems(text).length > 0) return;
        // The wrapped text is itself clean, and a semicolon added behind the bracket is found there, outside any quote.
        const wrapped = `SELECT * FROM (\n${text}\n) AS d`;
        expect(sqlProblems(wrapped)).toEqual([]);
        expect(sqlProblems(`${wrapped};`).map((problem) => problem.offset)).toEqual([wrapped.length]);
      }),
      { numRuns: 3_000 },
    );
  });
});
