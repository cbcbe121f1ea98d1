import type { ReferenceLists } from './reference-lists.ts';
import { ruleCaps } from './rule-document.ts';
import type { CompareOp, Condition } from './rule-document.ts';
import { countWord, fold, hasWord, toWords } from './rule-text.ts';
import { allOf, anyOf, not } from './three-valued.ts';
import type { Truth } from './three-valued.ts';

/** What rules look at: one product event. Attributes and text come from outside and may be anything. */
export interface RuleSubject {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Null when the event has no text or it could not be read: conditions on it are unknown. */
  readonly text: string | null;
}

/** Why a condition is unknown. `name` is the attribute or list, as the document spells it; never a value. */
export interface UnknownReason {
  readonly reason:
    | 'attribute_missing'
    | 'attribute_type'
    | 'attribute_cut'
    | 'list_missing'
    | 'text_missing'
    | 'text_cut';
  readonly name: string;
}

/** One subject, made ready once for all conditions. */
interface Evaluation {
  readonly subject: RuleSubject;
  readonly lists: ReferenceLists;
  /** Null when there is no text. */
  readonly words: string | null;
  readonly textIsCut: boolean;
  /** Receives the reason of each unknown leaf. */
  readonly report: (reason: UnknownReason) => void;
}

export type CompiledCondition = (evaluation: Evaluation) => Truth;

/** Turns a valid condition into a function, with words prepared once. The function never throws. */
export function compileCondition(condition: Condition): CompiledCondition {
  if (condition.type === 'all' || condition.type === 'any') {
    const parts = condition.of.map(compileCondition);
    const join = condition.type === 'all' ? allOf : anyOf;
    return (evaluation) => join(truths(parts, evaluation));
  }
  if (condition.type === 'not') {
    const part = compileCondition(condition.of);
    return (evaluation) => not(part(evaluation));
  }
  if (condition.type === 'text_contains_any') return countAtLeast(condition.words, 1);
  if (condition.type === 'text_count') return countAtLeast(condition.words, condition.atLeast);
  if (condition.type === 'in_list') return (evaluation) => inList(evaluation, condition.attribute, condition.listName);
  if (condition.type === 'matches_list') {
    return (evaluation) => matchesList(evaluation, condition.attribute, condition.listName);
  }
  return (evaluation) => compare(evaluation, condition.attribute, condition.op, condition.value);
}

function* truths(parts: readonly CompiledCondition[], evaluation: Evaluation): Generator<Truth> {
  for (const part of parts) yield part(evaluation);
}

function unknown(evaluation: Evaluation, reason: UnknownReason['reason'], name: string): 'unknown' {
  evaluation.report({ reason, name });
  return 'unknown';
}

/** The attribute, or undefined when it is absent, null, or inherited rather than own. */
function attributeOf(subject: RuleSubject, name: string): unknown {
  const value = Object.hasOwn(subject.attributes, name) ? subject.attributes[name] : undefined;
  return value === null ? undefined : value;
}

function compare(evaluation: Evaluation, attribute: string, op: CompareOp, value: string | number | boolean): Truth {
  const actual = attributeOf(evaluation.subject, attribute);
  if (actual === undefined) return unknown(evaluation, 'attribute_missing', attribute);
  if (typeof actual !== typeof value || Number.isNaN(actual)) return unknown(evaluation, 'attribute_type', attribute);
  if (op === 'eq') return actual === value;
  if (op === 'ne') return actual !== value;
  if (typeof actual !== 'number' || typeof value !== 'number') return unknown(evaluation, 'attribute_type', attribute);
  return numeric[op](actual, value);
}

const numeric: Record<Exclude<CompareOp, 'eq' | 'ne'>, (actual: number, value: number) => boolean> = {
  lt: (actual, value) => actual < value,
  le: (actual, value) => actual <= value,
  gt: (actual, value) => actual > value,
  ge: (actual, value) => actual >= value,
};

function countAtLeast(words: readonly string[], atLeast: number): CompiledCondition {
  const sought = [...new Set(words.map(toWords))];
  return (evaluation) => {
    const text = evaluation.words;
    if (text === null) return unknown(evaluation, 'text_missing', 'text');
    const enough = atLeast === 1 ? sought.some((word) => hasWord(text, word)) : total(text, sought, atLeast) >= atLeast;
    if (enough) return true;
    return evaluation.textIsCut ? unknown(evaluation, 'text_cut', 'text') : false;
  };
}

function total(text: string, sought: readonly string[], most: number): number {
  let count = 0;
  for (const word of sought) {
    count += countWord(text, word, most - count);
    if (count >= most) break;
  }
  return count;
}

function inList(evaluation: Evaluation, attribute: string, listName: string): Truth {
  const list = evaluation.lists.members.get(listName);
  if (list === undefined) return unknown(evaluation, 'list_missing', listName);
  const value = textAttribute(evaluation, attribute);
  if (value === 'unknown') return 'unknown';
  return value.isCut ? unknown(evaluation, 'attribute_cut', attribute) : list.has(value.folded.trim());
}

function matchesList(evaluation: Evaluation, attribute: string, listName: string): Truth {
  const patterns = evaluation.lists.patterns.get(listName);
  if (patterns === undefined) return unknown(evaluation, 'list_missing', listName);
  const value = textAttribute(evaluation, attribute);
  if (value === 'unknown') return 'unknown';
  if (patterns.some((pattern) => value.folded.includes(pattern))) return true;
  return value.isCut ? unknown(evaluation, 'attribute_cut', attribute) : false;
}

function textAttribute(evaluation: Evaluation, attribute: string): { folded: string; isCut: boolean } | 'unknown' {
  const value = attributeOf(evaluation.subject, attribute);
  if (value === undefined) return unknown(evaluation, 'attribute_missing', attribute);
  if (typeof value !== 'string') return unknown(evaluation, 'attribute_type', attribute);
  return { folded: fold(value.slice(0, ruleCaps.attributeLength)), isCut: value.length > ruleCaps.attributeLength };
}
