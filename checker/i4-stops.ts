import { isStopped } from './escalation-state.ts';
import type { Ladder } from './escalation-state.ts';
import type { Step } from './history.ts';

/** A moment after which nothing that was ordered before may start: for one person, or with null for all. */
export interface Stop {
  readonly seq: number;
  readonly at: number;
  readonly personId: string | null;
}

/** An acknowledgement that is not enough for its rung, or a second one, speaks for its own person only. */
export function stopsOf(steps: readonly Step<Ladder>[]): Stop[] {
  return steps.flatMap(({ seq, recordedAt, event, before, state, actorId }) => {
    const stops = isStopped(state) && before?.status !== state.status;
    if (!stops && event.type !== 'acknowledge') return [];
    return [{ seq, at: recordedAt, personId: stops ? null : actorId }];
  });
}
