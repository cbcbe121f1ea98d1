import { intakeStanding } from '#domain/launch/intake-standing.ts';
import type { Probe } from './measured.ts';

/** How many answers of the intake are unknown or contradict each other, among all. */
export const intakeComplete: Probe = async ({ launch }) => {
  const { intake, intakeRevision } = launch;
  if (intake === null) return { observed: null, population: 0, windowMs: 0, facts: { intakeRevision } };
  const { answers, open, unknown, contradictions } = intakeStanding(intake);
  const facts = {
    intakeRevision,
    answers,
    unknown: [...unknown],
    contradictions: contradictions.map((each) => ({ ...each })),
  };
  return { observed: open, population: answers, windowMs: 0, facts };
};
