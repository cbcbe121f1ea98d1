import { compareOps, conditionTypes, ruleCaps } from './rule-document.ts';
import type { Condition, RuleDocument } from './rule-document.ts';
import { toWords } from './rule-text.ts';

/** One thing to correct, where it stands (a JSON pointer) and what is wanted there. Never repeats the value. */
export interface RuleProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** After so many problems the checking stops: a document of garbage must not make a long answer. */
export const mostProblems = 50;

const ruleId = /^[a-z][a-z0-9_]{0,39}$/;
const attributeName = /^[a-zA-Z][a-zA-Z0-9_.]{0,59}$/;
const listName = /^[a-z][a-z0-9_-]{0,59}$/;

type Fields = { readonly [key: string]: unknown };

/**
 * Lists what is wrong with a rules document; a document without problems is a `RuleDocument` that `compileRules` takes.
 *
 * Never throws, also not on hostile JSON, however deep. Unknown fields are problems, so that a misspelt condition is
 * not silently left out; so is a document whose points cannot reach its threshold.
 */
export function validateRules(document: unknown): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const check = new Checker(problems);
  check.document(document);
  return problems.slice(0, mostProblems);
}

/** `validateRules` as a type guard. */
export const isRuleDocument = (document: unknown): document is RuleDocument => validateRules(document).length === 0;

class Checker {
  readonly #problems: RuleProblem[];
  #conditions = 0;
  #words = 0;

  constructor(problems: RuleProblem[]) {
    this.#problems = problems;
  }

  document(value: unknown): void {
    const fields = this.#object(value, '', ['format', 'threshold', 'rules']);
    if (!fields) return;
    if (fields.format !== 1) this.#add('/format', 'must be 1');
    const thresholdFits = this.#whole(fields.threshold, '/threshold', 1, 100);
    const rules = this.#array(fields.rules, '/rules', ruleCaps.rules);
    const ids = new Set<unknown>();
    let reachable = 0;
    for (const [index, rule] of rules.entries()) {
      if (this.#isFull()) return;
      reachable += this.#rule(rule, `/rules/${index}`, ids);
    }
    if (thresholdFits && rules.length > 0 && this.#problems.length === 0 && reachable < Number(fields.threshold)) {
      this.#add('/threshold', 'cannot be reached: the weights above 0 add up to less');
    }
  }

  /** Returns the points that the rule can add. */
  #rule(value: unknown, pointer: string, ids: Set<unknown>): number {
    const fields = this.#object(value, pointer, ['id', 'weight', 'when']);
    if (!fields) return 0;
    this.#pattern(fields.id, `${pointer}/id`, ruleId);
    if (ids.has(fields.id)) this.#add(`${pointer}/id`, 'must be unique in the document');
    ids.add(fields.id);
    const weightFits = this.#whole(fields.weight, `${pointer}/weight`, -100, 100);
    if (fields.weight === 0) this.#add(`${pointer}/weight`, 'must not be 0: such a rule says nothing');
    this.#condition(fields.when, `${pointer}/when`, 1);
    return weightFits ? Math.max(Number(fields.weight), 0) : 0;
  }

  #condition(value: unknown, pointer: string, depth: number): void {
    if (this.#isFull()) return;
    if (depth > ruleCaps.depth) return this.#add(pointer, `must not be more than ${ruleCaps.depth} conditions deep`);
    this.#conditions++;
    if (this.#conditions > ruleCaps.conditions) {
      if (this.#conditions === ruleCaps.conditions + 1)
        this.#add(pointer, `is condition ${this.#conditions}: the document may have ${ruleCaps.conditions}`);
      return;
    }
    if (!isFields(value)) return this.#add(pointer, 'must be an object');
    const type = conditionTypes.find((known) => known === value.type);
    if (type === undefined) return this.#add(`${pointer}/type`, `must be one of ${conditionTypes.join(', ')}`);
    this.#object(value, pointer, ['type', ...fieldsOf[type]]);
    this.#fieldsOfCondition(type, value, pointer, depth);
  }

  #fieldsOfCondition(type: Condition['type'], fields: Fields, pointer: string, depth: number): void {
    switch (type) {
      case 'all':
      case 'any':
        for (const [index, part] of this.#array(fields.of, `${pointer}/of`, ruleCaps.conditions).entries()) {
          this.#condition(part, `${pointer}/of/${index}`, depth + 1);
        }
        return;
      case 'not':
        return this.#condition(fields.of, `${pointer}/of`, depth + 1);
      case 'compare':
        this.#pattern(fields.attribute, `${pointer}/attribute`, attributeName);
        return this.#comparison(fields, pointer);
      case 'text_count':
        this.#whole(fields.atLeast, `${pointer}/atLeast`, 1, ruleCaps.atLeast);
        return this.#wordList(fields.words, `${pointer}/words`);
      case 'text_contains_any':
        return this.#wordList(fields.words, `${pointer}/words`);
      case 'in_list':
      case 'matches_list':
        this.#pattern(fields.attribute, `${pointer}/attribute`, attributeName);
        return this.#pattern(fields.listName, `${pointer}/listName`, listName);
    }
  }

  #comparison({ op, value }: Fields, pointer: string): void {
    if (!compareOps.some((known) => known === op))
      this.#add(`${pointer}/op`, `must be one of ${compareOps.join(', ')}`);
    const fits =
      typeof value === 'boolean' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (typeof value === 'string' && value.length <= ruleCaps.valueLength);
    if (!fits)
      return this.#add(
        `${pointer}/value`,
        `must be a number, true, false or at most ${ruleCaps.valueLength} characters`,
      );
    if (op !== 'eq' && op !== 'ne' && typeof value !== 'number')
      this.#add(`${pointer}/value`, `must be a number for ${String(op)}`);
  }

  #wordList(value: unknown, pointer: string): void {
    const words = this.#array(value, pointer, ruleCaps.words);
    this.#words += words.length;
    if (this.#words > ruleCaps.words)
      return this.#add(pointer, `goes beyond the ${ruleCaps.words} words that the document may have`);
    for (const [index, word] of words.entries()) {
      if (this.#isFull()) return;
      if (typeof word !== 'string' || word.length > ruleCaps.wordLength || toWords(word) === '') {
        this.#add(
          `${pointer}/${index}`,
          `must be at most ${ruleCaps.wordLength} characters and hold a letter or digit`,
        );
      }
    }
  }

  #object(value: unknown, pointer: string, known: readonly string[]): Fields | undefined {
    if (!isFields(value)) {
      this.#add(pointer, 'must be an object');
      return undefined;
    }
    for (const key of Object.keys(value)) {
      if (this.#isFull()) return undefined;
      if (!known.includes(key)) this.#add(`${pointer}/${escapePointer(key)}`, 'is not a field that Vigil knows here');
    }
    return value;
  }

  #array(value: unknown, pointer: string, most: number): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0 && value.length <= most) return value as unknown[];
    this.#add(pointer, `must be an array of 1 to ${most} entries`);
    return [];
  }

  #whole(value: unknown, pointer: string, low: number, high: number): boolean {
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
    if (!fits) this.#add(pointer, `must be a whole number from ${low} to ${high}`);
    return fits;
  }

  #pattern(value: unknown, pointer: string, pattern: RegExp): void {
    if (typeof value !== 'string' || !pattern.test(value))
      this.#add(pointer, `must be text that fits ${pattern.source}`);
  }

  #isFull(): boolean {
    return this.#problems.length >= mostProblems;
  }

  #add(pointer: string, detail: string): void {
    this.#problems.push({ pointer, detail });
  }
}

const fieldsOf: Record<Condition['type'], readonly string[]> = {
  all: ['of'],
  any: ['of'],
  not: ['of'],
  compare: ['attribute', 'op', 'value'],
  text_contains_any: ['words'],
  text_count: ['words', 'atLeast'],
  in_list: ['attribute', 'listName'],
  matches_list: ['attribute', 'listName'],
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 6901. Cut, because the key comes from outside and goes into an answer. */
const escapePointer = (key: string): string => key.slice(0, 60).replaceAll('~', '~0').replaceAll('/', '~1');
