import { dayMs } from '../time.ts';
import { allHold } from './conditions.ts';
import type { Condition, Labels } from './conditions.ts';

/** A rule that keeps alerts quiet until it expires. What it is of must hold, and all its conditions. */
export interface LiveRule {
  readonly id: string;
  readonly teamId: string;
  /** Null: every service of the team. */
  readonly serviceId: string | null;
  /** Null: whoever reports. */
  readonly integrationId: string | null;
  readonly conditions: readonly Condition[];
}

/** Nobody remembers why something is quiet for longer. */
export const longestSuppressionMs = 90 * dayMs;

/** The first rule that keeps the alert quiet, or null. */
export const ruleFor = (
  rules: readonly LiveRule[],
  alert: {
    readonly serviceId: string;
    readonly teamId: string;
    readonly integrationId: string | null;
    readonly labels: Labels;
  },
): LiveRule | null =>
  rules.find(
    (rule) =>
      rule.teamId === alert.teamId &&
      (rule.serviceId === null || rule.serviceId === alert.serviceId) &&
      (rule.integrationId === null || rule.integrationId === alert.integrationId) &&
      allHold(rule.conditions, alert.labels),
  ) ?? null;
