import { startRun } from './effects.ts';
import type { LaunchEffect } from './events.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirement } from './catalogue.ts';

/** Starts a probe run for every requirement that Vigil measures, or for those that the filter lets through. */
export function startRuns(
  launch: Launch,
  now: number,
  filter: (requirement: Requirement, state: RequirementState) => boolean = () => true,
): { launch: Launch; effects: LaunchEffect[] } {
  const requirements = { ...launch.requirements };
  const effects: LaunchEffect[] = [];
  for (const requirement of requirementsOf(launch)) {
    const state = requirements[requirement.id];
    if (state === undefined || !filter(requirement, state)) continue;
    const run = startRun(launch, requirement, state, now);
    if (run === null) continue;
    requirements[requirement.id] = run.state;
    effects.push(run.effect);
  }
  return { launch: { ...launch, requirements }, effects };
}
