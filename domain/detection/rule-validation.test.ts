import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listsUsed, ruleCaps } from './rule-document.ts';
import type { Condition } from './rule-document.ts';
import { isRuleDocument, mostProblems, validateRules } from './rule-validation.ts';

const words = { type: 'text_contains_any', words: ['crypto'] };
const document = (when: unknown, over: object = {}) => ({
  format: 1,
  threshold: 50,
  rules: [{ id: 'a', weight: 60, when, ...over }],
});
const pointers = (doc: unknown) => validateRules(doc).map((problem) => problem.pointer);

describe('validateRules', () => {
  it('accepts every kind of condition', () => {
    const all: Condition = {
      type: 'all',
      of: [
        { type: 'any', of: [{ type: 'text_contains_any', words: ['free money'] }] },
        { type: 'not', of: { type: 'compare', attribute: 'isVerified', op: 'eq', value: true } },
        { type: 'compare', attribute: 'recipients', op: 'ge', value: 20 },
        { type: 'text_count', words: ['win', '当选'], atLeast: 3 },
        { type: 'in_list', attribute: 'sender.domain', listName: 'disposable-domains' },
        { type: 'matches_list', attribute: 'userAgent', listName: 'crawlers' },
      ],
    };
    const doc = document(all);
    expect(validateRules(doc)).toEqual([]);
    expect(isRuleDocument(doc) && listsUsed(doc)).toEqual(['disposable-domains', 'crawlers']);
  });

  it.each<[string, unknown, string]>([
    ['no object', [], ''],
    ['another format', { ...document(words), format: 2 }, '/format'],
    ['a threshold of 0', { ...document(words), threshold: 0 }, '/threshold'],
    ['no rules', { format: 1, threshold: 1, rules: [] }, '/rules'],
    ['an unknown field', { ...document(words), note: 'x' }, '/note'],
    ['an unknown field with a slash', { ...document(words), 'a/b~c': 1 }, '/a~1b~0c'],
    ['a weight of 0', document(words, { weight: 0 }), '/rules/0/weight'],
    ['a broken weight', document(words, { weight: 1.5 }), '/rules/0/weight'],
    ['a threshold beyond reach', document(words, { weight: 49 }), '/threshold'],
    [
      'two rules of one id',
      { ...document(words), rules: [document(words).rules[0], document(words).rules[0]] },
      '/rules/1/id',
    ],
    ['an unknown condition', document({ type: 'regex', pattern: '(a+)+' }), '/rules/0/when/type'],
    ['a misspelt field', document({ type: 'all', off: [words] }), '/rules/0/when/off'],
    ['all of nothing', document({ type: 'all', of: [] }), '/rules/0/when/of'],
    ['a hole below not', document({ type: 'not' }), '/rules/0/when/of'],
    [
      'a deep place',
      document({ type: 'any', of: [words, { type: 'not', of: { type: 'x' } }] }),
      '/rules/0/when/of/1/of/type',
    ],
    ['less-than on text', document({ type: 'compare', attribute: 'a', op: 'lt', value: 'x' }), '/rules/0/when/value'],
    ['NaN', document({ type: 'compare', attribute: 'a', op: 'lt', value: Number.NaN }), '/rules/0/when/value'],
    [
      'an attribute with a space',
      document({ type: 'compare', attribute: 'a b', op: 'eq', value: 1 }),
      '/rules/0/when/attribute',
    ],
    ['a word of punctuation', document({ type: 'text_contains_any', words: ['ok', '!!'] }), '/rules/0/when/words/1'],
    ['a long word', document({ type: 'text_contains_any', words: ['x'.repeat(101)] }), '/rules/0/when/words/0'],
    ['at least none', document({ type: 'text_count', words: ['a'], atLeast: 0 }), '/rules/0/when/atLeast'],
    [
      'a list named by a path',
      document({ type: 'in_list', attribute: 'a', listName: '../x' }),
      '/rules/0/when/listName',
    ],
  ])('names the place of %s', (_, doc, pointer) => {
    expect(pointers(doc)).toContain(pointer);
  });

  it('caps depth, conditions and words', () => {
    const nested = (depth: number): unknown => (depth === 1 ? words : { type: 'not', of: nested(depth - 1) });
    expect(validateRules(document(nested(ruleCaps.depth)))).toEqual([]);
    expect(pointers(document(nested(ruleCaps.depth + 1)))).toEqual([`/rules/0/when${'/of'.repeat(ruleCaps.depth)}`]);

    const wide = (count: number) => document({ type: 'any', of: Array.from({ length: count - 1 }, () => words) });
    expect(validateRules(wide(ruleCaps.conditions))).toEqual([]);
    expect(pointers(wide(ruleCaps.conditions + 1))).toEqual([`/rules/0/when/of/${ruleCaps.conditions - 1}`]);

    const many = (count: number) =>
      document({ type: 'text_contains_any', words: Array.from({ length: count }, (_, i) => `w${i}`) });
    expect(validateRules(many(ruleCaps.words))).toEqual([]);
    expect(pointers(many(ruleCaps.words + 1))).toEqual(['/rules/0/when/words']);
    const twice = {
      ...many(ruleCaps.words),
      rules: [...many(ruleCaps.words).rules, { id: 'b', weight: 1, when: words }],
    };
    expect(pointers(twice)).toEqual(['/rules/1/when/words']);
  });

  it('answers a document 100,000 deep, and one of garbage, with a short list', () => {
    const opened = '{"type":"not","of":'.repeat(100_000);
    const deep: unknown = JSON.parse(`${opened}1${'}'.repeat(100_000)}`);
    expect(pointers(document(deep))).toEqual([`/rules/0/when${'/of'.repeat(ruleCaps.depth)}`]);
    const garbage = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, i]));
    expect(validateRules(garbage)).toHaveLength(mostProblems);
  });

  it('reports an own __proto__ as a field it does not know', () => {
    const doc: unknown = JSON.parse(
      `{"__proto__": {"format": 1}, "threshold": 50, "rules": [{"id":"a","weight":60,"when":${JSON.stringify(words)}}]}`,
    );
    expect(pointers(doc)).toEqual(['/__proto__', '/format']);
  });

  it('never throws, and says only pointers that stand in the document or name a missing field', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.jsonValue().map(document)), (doc) => {
        const problems = validateRules(doc);
        expect(problems.length).toBeLessThanOrEqual(mostProblems);
        for (const { pointer } of problems) expect(pointer === '' || pointer.startsWith('/')).toBe(true);
      }),
    );
  });
});
