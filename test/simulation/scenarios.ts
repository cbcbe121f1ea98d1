import type { Replayable } from './replayable.ts';

/** Every machine that can be simulated, by the name that `npm run simulate -- <name> --seed N` takes. */
export const scenarios: Readonly<Record<string, Replayable>> = {};
