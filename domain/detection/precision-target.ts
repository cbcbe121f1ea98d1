import type { Severity } from '../severity.ts';
import type { Maturity } from './detector.ts';

/** The share of alerts that must be right, by severity: the worse the harm, the more false alarms it is worth. */
const targets: Readonly<Record<Severity, number>> = { 1: 0.5, 2: 0.7, 3: 0.8, 4: 0.9 };

/** At M3 every alert is reviewed by a person, and a bound this far below the target is enough to begin. */
const assistedMargin = 0.15;
/** At M5 a reversible action follows without a person in between. */
const unattended = 0.9;

/** What the Wilson lower bound of a detector's precision must reach at its maturity. 0 below M3: nobody sees its alerts. */
export function precisionTarget(severity: Severity, maturity: Maturity): number {
  if (maturity === 'M5') return Math.max(unattended, targets[severity]);
  if (maturity === 'M4') return targets[severity];
  return maturity === 'M3' ? targets[severity] - assistedMargin : 0;
}
