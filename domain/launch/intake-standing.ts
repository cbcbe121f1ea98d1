import { contradictions } from './intake-contradictions.ts';
import type { Contradiction } from './intake-contradictions.ts';
import { unknownAnswers } from './intake.ts';
import type { Intake } from './intake.ts';

export interface IntakeStanding {
  /** How many answers there are. */
  readonly answers: number;
  /** How many of them are unknown or stand in a contradiction. */
  readonly open: number;
  readonly unknown: readonly string[];
  readonly contradictions: readonly Contradiction[];
}

/** How complete an intake is: the measurement behind the requirement that it be complete. */
export function intakeStanding(intake: Intake): IntakeStanding {
  const unknown = unknownAnswers(intake);
  const contradicting = contradictions(intake);
  return {
    answers: Object.values(intake).reduce((sum, answer) => sum + Object.keys(answer).length, 0),
    open: unknown.length + contradicting.length,
    unknown,
    contradictions: contradicting,
  };
}
