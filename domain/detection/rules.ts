import type { ReferenceLists } from './reference-lists.ts';
import { compileCondition } from './rule-conditions.ts';
import type { RuleSubject, UnknownReason } from './rule-conditions.ts';
import { ruleCaps } from './rule-document.ts';
import type { RuleDocument } from './rule-document.ts';
import { toWords } from './rule-text.ts';

/**
 * What a rules detector says about one event.
 *
 * - `match`: the points reach the threshold, whatever the unknown rules would have said.
 * - `no_match`: the points stay below it, whatever the unknown rules would have said.
 * - `degraded`: the unknown rules could have decided it either way. Not a miss: it is counted, and an event that a
 *   detector could not judge is for a person.
 */
export interface RulesVerdict {
  readonly outcome: 'match' | 'no_match' | 'degraded';
  /** The points of the rules that are known to be true, as 0 to 1. */
  readonly score: number;
  readonly matchedRules: readonly string[];
  /** Filled whenever a rule was unknown, also when that did not matter. At most `mostReasons`, each once. */
  readonly unknown: readonly (UnknownReason & { readonly ruleId: string })[];
}

export const mostReasons = 20;

/**
 * Prepares a document that `validateRules` found no problem with, for many events. The function it returns never
 * throws, whatever stands in the subject, and its cost is bounded by `ruleCaps`.
 */
export function compileRules(document: RuleDocument): (subject: RuleSubject, lists: ReferenceLists) => RulesVerdict {
  const rules = document.rules.map(({ id, weight, when }) => ({ id, weight, holds: compileCondition(when) }));

  return (subject, lists) => {
    const matchedRules: string[] = [];
    const reasons = new Map<string, UnknownReason & { ruleId: string }>();
    const textIsCut = subject.text !== null && subject.text.length > ruleCaps.textLength;
    const words = subject.text === null ? null : toWords(subject.text.slice(0, ruleCaps.textLength));
    let points = 0;
    let most = 0;
    let least = 0;
    for (const rule of rules) {
      const found: UnknownReason[] = [];
      const truth = rule.holds({ subject, lists, words, textIsCut, report: (reason) => found.push(reason) });
      if (truth === true) {
        points += rule.weight;
        matchedRules.push(rule.id);
      } else if (truth === 'unknown') {
        most += Math.max(rule.weight, 0);
        least += Math.min(rule.weight, 0);
        for (const { reason, name } of found) {
          if (reasons.size < mostReasons)
            reasons.set(`${rule.id} ${reason} ${name}`, { ruleId: rule.id, reason, name });
        }
      }
    }
    return {
      outcome: outcomeOf(points + least, points + most, document.threshold),
      score: Math.min(Math.max(points, 0), 100) / 100,
      matchedRules,
      unknown: [...reasons.values()],
    };
  };
}

function outcomeOf(least: number, most: number, threshold: number): RulesVerdict['outcome'] {
  if (least >= threshold) return 'match';
  return most < threshold ? 'no_match' : 'degraded';
}
