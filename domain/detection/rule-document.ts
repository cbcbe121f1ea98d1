/** A rules detector as data. Made safe by `validateRules`; nothing else may turn text into one. */
export interface RuleDocument {
  readonly format: 1;
  /** The points, 1 to 100, from which an event is a match. */
  readonly threshold: number;
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** Names the rule in hits, reasons and statistics. Unique in its document. */
  readonly id: string;
  /** Whole points, −100 to 100, not 0. Whole, because 0.1 + 0.7 < 0.8. Below 0 speaks against abuse. */
  readonly weight: number;
  readonly when: Condition;
}

export type Condition =
  | { readonly type: 'all'; readonly of: readonly Condition[] }
  | { readonly type: 'any'; readonly of: readonly Condition[] }
  | { readonly type: 'not'; readonly of: Condition }
  | {
      readonly type: 'compare';
      readonly attribute: string;
      readonly op: CompareOp;
      readonly value: string | number | boolean;
    }
  | { readonly type: 'text_contains_any'; readonly words: readonly string[] }
  | { readonly type: 'text_count'; readonly words: readonly string[]; readonly atLeast: number }
  | { readonly type: 'in_list'; readonly attribute: string; readonly listName: string }
  | { readonly type: 'matches_list'; readonly attribute: string; readonly listName: string };

export const conditionTypes = [
  'all',
  'any',
  'not',
  'compare',
  'text_contains_any',
  'text_count',
  'in_list',
  'matches_list',
] as const satisfies readonly Condition['type'][];

export const compareOps = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
export type CompareOp = (typeof compareOps)[number];

/** What bounds the cost of one evaluation, whoever wrote the document. */
export const ruleCaps = {
  rules: 100,
  /** Conditions below each other within one rule. */
  depth: 8,
  /** Conditions in the whole document. */
  conditions: 500,
  /** Words in the whole document. */
  words: 1_000,
  wordLength: 100,
  valueLength: 200,
  atLeast: 1_000,
  /** Characters of the text that are looked at; beyond them a missing word is unknown, not absent. */
  textLength: 65_536,
  /** Characters of an attribute that are looked at. */
  attributeLength: 4_096,
} as const;

/** The names of the reference lists that a document needs, each once. */
export function listsUsed(document: RuleDocument): string[] {
  const names = new Set<string>();
  const visit = (condition: Condition): void => {
    if (condition.type === 'all' || condition.type === 'any') condition.of.forEach(visit);
    else if (condition.type === 'not') visit(condition.of);
    else if (condition.type === 'in_list' || condition.type === 'matches_list') names.add(condition.listName);
  };
  for (const rule of document.rules) visit(rule.when);
  return [...names];
}
