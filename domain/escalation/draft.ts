import type { Json } from '../json.ts';
import { moved } from '../machine.ts';
import type { Step } from '../machine.ts';
import type { Happening } from './happening.ts';
import type { Walk } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { LadderEffect } from './messages.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One transition in the making. `state` is a copy whose fields may be replaced; what stands in them is shared with the
 * state before and never changed in place.
 */
export interface Draft {
  readonly now: number;
  /** The version that the transition leads to. */
  readonly version: number;
  readonly state: Writable<Ladder>;
  readonly effects: LadderEffect[];
  readonly happened: Happening[];
}

export const draftOf = (ladder: Ladder, now: number): Draft => ({
  now,
  version: ladder.version + 1,
  state: { ...ladder },
  effects: [],
  happened: [],
});

export const finish = (draft: Draft, answer?: { readonly [key: string]: Json }): Step<Ladder, LadderEffect> =>
  moved<Ladder, LadderEffect>(draft.state, { happened: draft.happened }, draft.effects, answer);

export function changeWalk(draft: Draft, change: Partial<Walk>): void {
  draft.state.walk = { ...draft.state.walk, ...change };
}
