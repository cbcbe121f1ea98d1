import type { Person } from '../actor.ts';
import type { Json } from '../json.ts';
import { refused } from '../machine.ts';
import type { Refusal, Step } from '../machine.ts';
import { changeWalk, draftOf, finish } from './draft.ts';
import type { Ladder } from './ladder.ts';
import type { LadderEffect, Of, PersonMessage } from './messages.ts';
import { responderOf, stopPages } from './paging.ts';
import { resolveNow } from './resolve.ts';
import { wakeIfNobodyWasTold, wentOut } from './settle.ts';
import { startWalk } from './walk.ts';

/** Acknowledgements beyond this many are forgotten, the oldest first; each stays in the audit trail. */
const rememberedAcks = 50;

/**
 * A person takes the escalation on. With enough different people for the rung, everything that was ordered before stops
 * and nobody else is paged; short of that only the person's own pages stop.
 *
 * The answer says what was stopped: the rung, the pages that went out, and those that are with a provider right now.
 * Someone who was never paged may acknowledge too, and is marked so. Refused: a shadow, and a reply to a page from
 * before the ladder last began anew.
 */
export function acknowledge(
  ladder: Ladder,
  event: Of<PersonMessage, 'acknowledge'>,
  by: Person,
  now: number,
): Step<Ladder, LadderEffect> {
  const stale = event.asOfDeliveryKey === undefined ? null : staleReply(ladder, event.asOfDeliveryKey);
  if (stale !== null) return stale;
  const draft = draftOf(ladder, now);
  const { state, version } = draft;
  const { pass, rung } = state.walk;
  const ackedBy = [...state.walk.ackedBy.filter((personId) => personId !== by.id), by.id];
  const missing = ladder.status === 'acknowledged' ? 0 : Math.max(0, requiredAcks(ladder) - ackedBy.length);
  const complete = missing === 0;
  const paged = (responderOf(state, by.id)?.pages ?? 0) > 0;
  const answer = { ...whatStops(ladder), acksMissing: missing };
  changeWalk(draft, { ackedBy });
  state.acks = state.acks.concat({
    personId: by.id,
    at: now,
    version,
    pass,
    rung,
    paged,
    complete,
    seenVersion: event.seenVersion ?? null,
    asOfDeliveryKey: event.asOfDeliveryKey ?? null,
  });
  state.acks = state.acks.slice(-rememberedAcks);
  state.firstAckAt ??= now;
  draft.happened.push({ what: 'acknowledged', personId: by.id, paged, complete, missing });
  if (!complete) {
    stopPages(draft, by.id);
    wakeIfNobodyWasTold(draft);
    return finish(draft, { ...answer, status: state.status });
  }
  stopPages(draft, null);
  if (ladder.status !== 'acknowledged') {
    state.acknowledgedBy = by.id;
    state.acknowledgedAt = now;
  }
  state.status = 'acknowledged';
  state.snoozedUntilAt = null;
  state.noOneReached = false;
  state.ackTimeoutAt = state.policy.ackTimeoutMs === null ? null : now + state.policy.ackTimeoutMs;
  changeWalk(draft, { phase: 'stopped', deadlineAt: null, resampleAt: null });
  // A drill whose source is done has waited for this person only.
  if (state.sourceResolvedBy !== null) resolveNow(draft, { kind: 'source', alertEventId: state.sourceResolvedBy });
  return finish(draft, { ...answer, status: state.status });
}

/** How many people the present place needs. Past the last rung, and within the grace of a taken-back one, one is enough. */
function requiredAcks({ walk, policy }: Ladder): number {
  if (walk.phase === 'grace') return 1;
  return policy.rungs[Math.max(0, walk.rung)]?.requiredAcks ?? 1;
}

function whatStops(ladder: Ladder): { readonly [key: string]: Json } {
  const { walk, pages } = ladder;
  const ofWalk = pages.filter((page) => page.walk === walk.number);
  return {
    stoppedRung: walk.rung < 0 || ladder.status === 'acknowledged' ? null : { pass: walk.pass, rung: walk.rung },
    pagesSent: ofWalk.filter((page) => wentOut(page.result)).length,
    pagesInFlight: pages.filter((page) => page.result === 'in_flight' && !page.cancelled).length,
  };
}

function staleReply(ladder: Ladder, key: string): Refusal | null {
  const page = ladder.pages.find((entry) => entry.key === key || entry.deliveryId === key);
  if (page === undefined) return refused('escalation.unknown_page', { key });
  if (page.walk >= ladder.walk.number) return null;
  return refused('escalation.stale_reply', { key, pass: page.pass, rung: page.rung, anewBecause: ladder.walk.reason });
}

/** Takes the acknowledgement back: after the grace the ladder begins at rung 0. An acknowledgement within it pages nobody. */
export function unacknowledge(ladder: Ladder, by: Person, now: number): Step<Ladder, LadderEffect> {
  if (ladder.status !== 'acknowledged') return refused('escalation.not_acknowledged', { status: ladder.status });
  const draft = draftOf(ladder, now);
  draft.happened.push({ what: 'unacknowledged', personId: by.id });
  startWalk(draft, 'unacknowledged', { graceMs: ladder.policy.unackGraceMs });
  return finish(draft, { status: draft.state.status, pagingFromAt: draft.state.walk.deadlineAt });
}
