import type { Draft } from './draft.ts';
import { changeResponder } from './paging.ts';

/** Tells everyone to whom a page went out, and who does not know yet, that it is over. */
export function tellResolved(draft: Draft): void {
  for (const { personId, reachedBy, toldResolved } of draft.state.responders) {
    if (reachedBy === null || toldResolved) continue;
    draft.effects.push({ type: 'tellResolved', key: `told:${personId}`, personId, ...reachedBy });
    draft.happened.push({ what: 'told_resolved', personId });
    changeResponder(draft, personId, () => ({ toldResolved: true }));
  }
}
