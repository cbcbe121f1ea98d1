import type { Json } from '../json.ts';
import { moved } from '../machine.ts';
import type { Step } from '../machine.ts';
import type { LaunchEffect } from './events.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';

export const withState = (launch: Launch, requirementId: string, state: RequirementState): Launch => ({
  ...launch,
  requirements: { ...launch.requirements, [requirementId]: state },
});

/** The step from one version of a launch to a changed copy of it. */
export function stepTo(
  before: Launch,
  after: Launch,
  effects: readonly LaunchEffect[] = [],
  answer?: { readonly [key: string]: Json },
): Step<Launch, LaunchEffect> {
  const { version: _, ...change } = after;
  return moved(before, change, effects, answer);
}
