import type { Transition } from '#domain/audit/transition.ts';

/** The last transition of a batch: its state is what the aggregate's row shows. */
export const newest = (transitions: readonly [Transition, ...Transition[]]): Transition =>
  transitions.at(-1) ?? transitions[0];
