import { changeWalk } from './draft.ts';
import type { Draft } from './draft.ts';
import { changeResponder, stopPages } from './paging.ts';
import { tellResolved } from './tell.ts';

/**
 * Closes the escalation: nothing more is paged, and everyone to whom a page went out is told, but for who closed it. A
 * page that is with a provider at this moment is awaited, and its receiver told once it turns out to have gone out.
 */
export function resolveNow(
  draft: Draft,
  by:
    | { readonly kind: 'person'; readonly personId: string }
    | { readonly kind: 'source'; readonly alertEventId: string },
): void {
  const { state, now, version } = draft;
  stopPages(draft, null);
  state.status = 'resolved';
  state.resolution = { ...by, at: now, version };
  state.snoozedUntilAt = null;
  state.ackTimeoutAt = null;
  changeWalk(draft, { phase: 'stopped', deadlineAt: null, resampleAt: null });
  const who = by.kind === 'person' ? { personId: by.personId } : { alertEventId: by.alertEventId };
  draft.happened.push({ what: 'resolved', by: who });
  if (by.kind === 'person') changeResponder(draft, by.personId, () => ({ toldResolved: true }));
  tellResolved(draft);
}
