import { dayMs, hourMs, minuteMs } from '../time.ts';
import type { Severity } from '../severity.ts';

/** How long a case of one severity may wait: for the first look of a person, and for the decision. */
export interface SlaClock {
  readonly firstLookMs: number;
  readonly decisionMs: number;
}

export type SlaClocks = Readonly<Record<Severity, SlaClock>>;

/** Starting values; a team's own clocks come in with the case. */
export const defaultSlaClocks: SlaClocks = {
  1: { firstLookMs: 15 * minuteMs, decisionMs: hourMs },
  2: { firstLookMs: hourMs, decisionMs: 8 * hourMs },
  3: { firstLookMs: 24 * hourMs, decisionMs: 72 * hourMs },
  4: { firstLookMs: 72 * hourMs, decisionMs: 7 * dayMs },
};
