import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReferenceLists, mostPatterns } from './reference-lists.ts';
import type { RuleSubject } from './rule-conditions.ts';
import { compareOps, ruleCaps } from './rule-document.ts';
import type { Condition, Rule } from './rule-document.ts';
import { compileRules, mostReasons } from './rules.ts';

const lists = buildReferenceLists({
  members: { domains: ['Mailinator.com', ' ', 'tempmail.example'] },
  patterns: { bots: ['HeadlessChrome', '', 'curl/'] },
});

const subject = (attributes: Record<string, unknown> = {}, text: string | null = null): RuleSubject => ({
  attributes,
  text,
});

const judge = (when: Condition, on: RuleSubject) =>
  compileRules({ format: 1, threshold: 100, rules: [{ id: 'only', weight: 100, when }] })(on, lists);

const truthOf = (when: Condition, on: RuleSubject) => {
  const { outcome } = judge(when, on);
  return outcome === 'degraded' ? 'unknown' : outcome === 'match';
};

describe('conditions', () => {
  it.each<[Condition, RuleSubject, boolean | 'unknown']>([
    [{ type: 'compare', attribute: 'n', op: 'ge', value: 20 }, subject({ n: 20 }), true],
    [{ type: 'compare', attribute: 'n', op: 'gt', value: 20 }, subject({ n: 20 }), false],
    [{ type: 'compare', attribute: 'n', op: 'ne', value: 20 }, subject({ n: 20 }), false],
    [{ type: 'compare', attribute: 'n', op: 'lt', value: 20 }, subject({}), 'unknown'],
    [{ type: 'compare', attribute: 'n', op: 'ne', value: 20 }, subject({}), 'unknown'],
    [{ type: 'compare', attribute: 'n', op: 'ne', value: 20 }, subject({ n: null }), 'unknown'],
    [{ type: 'compare', attribute: 'n', op: 'lt', value: 20 }, subject({ n: '3' }), 'unknown'],
    [{ type: 'compare', attribute: 'n', op: 'lt', value: 20 }, subject({ n: Number.NaN }), 'unknown'],
    [{ type: 'compare', attribute: 'isNew', op: 'eq', value: false }, subject({ isNew: false }), true],
    [{ type: 'compare', attribute: 'constructor', op: 'ne', value: 'x' }, subject({}), 'unknown'],
    [{ type: 'in_list', attribute: 'd', listName: 'domains' }, subject({ d: 'MAILINATOR.com ' }), true],
    [{ type: 'in_list', attribute: 'd', listName: 'domains' }, subject({ d: 'notmailinator.com' }), false],
    [{ type: 'in_list', attribute: 'd', listName: 'domains' }, subject({ d: '' }), false],
    [{ type: 'in_list', attribute: 'd', listName: 'nowhere' }, subject({ d: 'x' }), 'unknown'],
    [
      { type: 'matches_list', attribute: 'ua', listName: 'bots' },
      subject({ ua: 'Mozilla/5.0 HEADLESSchrome/1' }),
      true,
    ],
    [{ type: 'matches_list', attribute: 'ua', listName: 'bots' }, subject({ ua: 'Mozilla/5.0' }), false],
    [{ type: 'matches_list', attribute: 'ua', listName: 'bots' }, subject({ ua: 7 }), 'unknown'],
    [{ type: 'matches_list', attribute: 'ua', listName: 'domains' }, subject({ ua: 'x' }), 'unknown'],
    [{ type: 'not', of: { type: 'in_list', attribute: 'd', listName: 'domains' } }, subject({}), 'unknown'],
    [{ type: 'text_contains_any', words: ['free'] }, subject({}, null), 'unknown'],
    [{ type: 'text_contains_any', words: ['free'] }, subject({}, ''), false],
  ])('%j on %j is %s', (when, on, truth) => {
    expect(truthOf(when, on)).toBe(truth);
  });

  it('finds words whatever their case, width, punctuation and invisible characters, and only whole words', () => {
    const free: Condition = { type: 'text_contains_any', words: ['Free Money'] };
    for (const text of [
      'FREE   MONEY!',
      'free-money',
      'ｆｒｅｅ ｍｏｎｅｙ',
      'fr\u200Bee mo\u00ADney',
      'get free\nmoney',
    ]) {
      expect(truthOf(free, subject({}, text)), text).toBe(true);
    }
    for (const text of ['freemoney', 'carefree money', 'free monkey', 'money free']) {
      expect(truthOf(free, subject({}, text)), text).toBe(false);
    }
    expect(truthOf({ type: 'text_contains_any', words: ['免费'] }, subject({}, '现在免费领取'))).toBe(true);
    expect(truthOf({ type: 'text_contains_any', words: ['免费'] }, subject({}, '免运费'))).toBe(false);
  });

  it('counts every standing of the words, also neighbours', () => {
    const count = (atLeast: number): Condition => ({ type: 'text_count', words: ['win', 'Prize', 'prize'], atLeast });
    const text = subject({}, 'Win win WIN, a prize. Winner?');
    expect(truthOf(count(4), text)).toBe(true);
    expect(truthOf(count(5), text)).toBe(false);
  });

  it('does not call absent what lies beyond the part it read', () => {
    const filler = 'x '.repeat(ruleCaps.textLength / 2);
    const contains: Condition = { type: 'text_contains_any', words: ['prize'] };
    expect(truthOf(contains, subject({}, `${filler}prize`))).toBe('unknown');
    expect(truthOf(contains, subject({}, `prize ${filler}`))).toBe(true);
    expect(truthOf({ type: 'text_count', words: ['prize'], atLeast: 2 }, subject({}, `prize ${filler}`))).toBe(
      'unknown',
    );
    const longAgent = 'm'.repeat(ruleCaps.attributeLength + 1);
    expect(truthOf({ type: 'matches_list', attribute: 'ua', listName: 'bots' }, subject({ ua: longAgent }))).toBe(
      'unknown',
    );
    expect(
      truthOf({ type: 'matches_list', attribute: 'ua', listName: 'bots' }, subject({ ua: `curl/8 ${longAgent}` })),
    ).toBe(true);
    expect(truthOf({ type: 'in_list', attribute: 'd', listName: 'domains' }, subject({ d: longAgent }))).toBe(
      'unknown',
    );
  });
});

describe('the verdict', () => {
  const is = (attribute: string, weight: number): Rule => ({
    id: attribute,
    weight,
    when: { type: 'compare', attribute, op: 'eq', value: true },
  });
  const run = (rules: readonly Rule[], attributes: Record<string, unknown>) =>
    compileRules({ format: 1, threshold: 50, rules })(subject(attributes), lists);

  it('adds the points of true rules and keeps the score between 0 and 1', () => {
    expect(run([is('a', 30), is('b', 20)], { a: true, b: true })).toEqual({
      outcome: 'match',
      score: 0.5,
      matchedRules: ['a', 'b'],
      unknown: [],
    });
    expect(run([is('a', 90), is('b', 90)], { a: true, b: true }).score).toBe(1);
    expect(run([is('a', 60), is('b', -90)], { a: true, b: true })).toMatchObject({ outcome: 'no_match', score: 0 });
  });

  it('is degraded only when the missing attribute could change it, and names the attribute either way', () => {
    const unknown = [{ ruleId: 'b', reason: 'attribute_missing', name: 'b' }];
    expect(run([is('a', 50), is('b', 20)], { a: true })).toMatchObject({ outcome: 'match', unknown });
    expect(run([is('a', 40), is('b', 9)], { a: true })).toMatchObject({ outcome: 'no_match', unknown });
    expect(run([is('a', 40), is('b', 10)], { a: true })).toMatchObject({ outcome: 'degraded', unknown, score: 0.4 });
    expect(run([is('a', 60), is('b', -20)], { a: true })).toMatchObject({ outcome: 'degraded', unknown });
  });

  it('gives no reason for a rule that was decided without the missing attribute', () => {
    const either: Condition = { type: 'any', of: [is('gone', 1).when, is('a', 1).when] };
    expect(run([{ id: 'either', weight: 50, when: either }], { a: true })).toMatchObject({
      outcome: 'match',
      unknown: [],
    });
  });

  it('keeps the list of reasons short', () => {
    const rules = Array.from({ length: 60 }, (_, i) => is(`a${i}`, 1));
    expect(run(rules, {}).unknown).toHaveLength(mostReasons);
  });

  it('is settled: no value of an unknown attribute turns a match or a no_match around', () => {
    const names = ['a', 'b', 'c', 'd'];
    const leaf = fc.constantFrom(...names).map((name) => is(name, 1).when);
    const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('condition').map((of): Condition => ({ type: 'not', of })),
        fc.record({
          type: fc.constantFrom('all' as const, 'any' as const),
          of: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
        }),
      ),
    }));
    const rule = fc.record({ weight: fc.integer({ min: -60, max: 60 }).filter((w) => w !== 0), when: condition });
    const partial = fc.dictionary(fc.constantFrom(...names), fc.boolean());
    const full = fc.record(Object.fromEntries(names.map((name) => [name, fc.boolean()])));
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), partial, full, (rules, some, rest) => {
        const named = rules.map((one, i) => ({ id: `r${i}`, ...one }));
        const early = run(named, some);
        const late = run(named, { ...rest, ...some });
        expect(late.outcome).not.toBe('degraded');
        if (early.outcome !== 'degraded') expect(late.outcome).toBe(early.outcome);
      }),
    );
  });

  it('never throws on hostile events, and its score stays between 0 and 1', () => {
    const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString');
    const conditions: fc.Arbitrary<Condition> = fc.oneof(
      fc.record({
        type: fc.constant('compare' as const),
        attribute: name,
        op: fc.constantFrom(...compareOps),
        value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.string()),
      }),
      fc.record({
        type: fc.constantFrom('in_list' as const, 'matches_list' as const),
        attribute: name,
        listName: fc.constantFrom('domains', 'bots'),
      }),
      fc.record({
        type: fc.constant('text_count' as const),
        words: fc.array(fc.string({ unit: 'binary' })),
        atLeast: fc.integer({ min: 1, max: 3 }),
      }),
    );
    const hostile = fc.dictionary(name, fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }));
    const text = fc.option(fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(conditions, hostile, text, (when, attributes, words) => {
        const { score } = judge(when, { attributes, text: words });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('reference lists', () => {
  it('refuse more patterns than can be tried one by one', () => {
    const patterns = { p: Array.from({ length: mostPatterns + 1 }, (_, i) => `p${i}`) };
    expect(() => buildReferenceLists({ patterns })).toThrow(RangeError);
  });
});
