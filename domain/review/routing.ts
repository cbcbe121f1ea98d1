import type { Severity } from '../severity.ts';
import type { ReviewTier, TaskPurpose } from './case.ts';

/** What routing may look at. Whether a case is a drill is not among it: a drill must take the way of a real case. */
export interface RoutingFacts {
  readonly productId: string;
  readonly harm: string;
  readonly severity: Severity;
  readonly sensitive: boolean;
  readonly tier: ReviewTier;
  readonly purpose: TaskPurpose;
}

/** Every condition that is given must hold; a condition holds when the fact is among its values. */
export interface RoutingRule {
  readonly ruleId: string;
  readonly queueId: string;
  readonly when: { readonly [K in keyof RoutingFacts]?: readonly RoutingFacts[K][] };
}

export interface RoutingTable {
  /** In order: the first rule that holds decides. */
  readonly rules: readonly RoutingRule[];
  /** Takes what no rule takes, so that no task is ever without a queue. */
  readonly defaultQueueId: string;
  readonly sensitiveDefaultQueueId: string;
}

export interface Route {
  readonly queueId: string;
  /** Null: no rule held, the default queue took it. */
  readonly ruleId: string | null;
  /** Rules that held but name a queue that is closed. */
  readonly skippedRuleIds: readonly string[];
}

/**
 * Picks the queue of a task: the first rule that holds and whose queue is open, else the default queue. Sensitive harm
 * falls back to the sensitive default, never to the ordinary one.
 */
export function route(table: RoutingTable, facts: RoutingFacts, openQueueIds: readonly string[]): Route {
  const skippedRuleIds: string[] = [];
  for (const rule of table.rules) {
    if (!holds(rule, facts)) continue;
    if (openQueueIds.includes(rule.queueId)) return { queueId: rule.queueId, ruleId: rule.ruleId, skippedRuleIds };
    skippedRuleIds.push(rule.ruleId);
  }
  const queueId = facts.sensitive ? table.sensitiveDefaultQueueId : table.defaultQueueId;
  return { queueId, ruleId: null, skippedRuleIds };
}

function holds({ when }: RoutingRule, facts: RoutingFacts): boolean {
  const among = <T>(wanted: readonly T[] | undefined, fact: T): boolean =>
    wanted === undefined || wanted.includes(fact);
  return (
    among(when.productId, facts.productId) &&
    among(when.harm, facts.harm) &&
    among(when.severity, facts.severity) &&
    among(when.sensitive, facts.sensitive) &&
    among(when.tier, facts.tier) &&
    among(when.purpose, facts.purpose)
  );
}
