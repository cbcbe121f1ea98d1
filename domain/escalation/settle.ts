import { ignored } from '../machine.ts';
import type { Step } from '../machine.ts';
import { changeWalk, draftOf, finish } from './draft.ts';
import type { Draft } from './draft.ts';
import { noPages } from './ladder-parts.ts';
import type { Page, PageResult } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { Answered, LadderEffect, Of } from './messages.ts';
import { changeResponder, firePending } from './paging.ts';
import { tellResolved } from './tell.ts';

/**
 * Learns what became of a page. A receipt may come after the provider's first word; what is known for certain is not
 * taken back. A failure moves the person's next other channel to now.
 */
export function settlePage(
  ladder: Ladder,
  event: Of<Answered, 'pageSettled'>,
  now: number,
): Step<Ladder, LadderEffect> {
  const page = ladder.pages.find((entry) => entry.key === event.effectKey);
  if (page === undefined || !replaces(page.result, event.result)) return ignored;
  const draft = draftOf(ladder, now);
  const { state } = draft;
  const { result, deliveryId } = event;
  const settled: Page = { ...page, result, deliveryId: deliveryId ?? page.deliveryId };
  state.pages = state.pages.map((entry) => (entry === page ? settled : entry));
  // An escalation that opened before there were bundles has no count of them.
  const counts = { ...noPages, ...state.counts };
  counts[page.result] -= 1;
  counts[result] += 1;
  state.counts = counts;
  draft.happened.push({ what: 'page_settled', key: page.key, personId: page.personId, result, deliveryId });
  if (result === 'bundled') countBundled(draft, page);
  countReached(draft, page, Number(wentOut(result)) - Number(wentOut(page.result)));
  if (wentOut(result)) {
    const { contactMethodId, channel } = page;
    changeResponder(draft, page.personId, () => ({ reachedBy: { contactMethodId, channel } }));
    if (state.status === 'resolved') tellResolved(draft);
  } else {
    giveSlotBack(draft, page);
    if (result !== 'superseded' && !page.cancelled) tryNextChannel(draft, page, result === 'failed_permanent');
    wakeIfNobodyWasTold(draft);
  }
  return finish(draft);
}

/**
 * Sent without a receipt counts as gone out: only a receipt or a failure says more. So does a page that another message
 * stands for, since that one went out.
 */
export const wentOut = (result: Page['result']): boolean =>
  result === 'sent' || result === 'delivered' || result === 'unknown' || result === 'bundled';

function replaces(known: Page['result'], learned: PageResult): boolean {
  if (known === 'in_flight') return true;
  if (known === 'unknown') return learned !== 'unknown' && learned !== 'superseded';
  const failed = learned === 'failed_permanent' || learned === 'failed_transient';
  // The message that a bundled page was left to may turn out not to have arrived.
  return known === 'bundled' ? failed : known === 'sent' && (failed || learned === 'delivered');
}

/** The throttle over all escalations put the page into another one; that shows where its own throttle's work shows. */
function countBundled(draft: Draft, page: Page): void {
  const { counts } = draft.state;
  draft.state.counts = { ...counts, held_back: counts.held_back + 1 };
  changeResponder(draft, page.personId, (responder) => ({ heldBack: responder.heldBack + 1 }));
}

function countReached(draft: Draft, page: Page, change: number): void {
  const { walk } = draft.state;
  const ofRung = page.source.kind !== 'catch_all' && page.source.kind !== 'added';
  const counts = page.walk === walk.number && !page.shadow && ofRung;
  if (change === 0 || !counts) return;
  changeWalk(draft, { reached: walk.reached + change });
  if (draft.state.status === 'exhausted') draft.state.noOneReached = walk.reached + change === 0;
}

/** A page that reached nobody takes no place in the person's throttle. */
function giveSlotBack(draft: Draft, page: Page): void {
  changeResponder(draft, page.personId, (responder) => {
    const index = responder.recentPagesAt.lastIndexOf(page.startedAt);
    return { recentPagesAt: responder.recentPagesAt.filter((_, other) => other !== index) };
  });
}

function tryNextChannel(draft: Draft, page: Page, permanent: boolean): void {
  const { state, now } = draft;
  const ofTurn = (rule: { personId: string; round: number }) =>
    rule.personId === page.personId && rule.round === page.round;
  const sameWay = (rule: { contactMethodId: string }) => rule.contactMethodId === page.contactMethodId;
  // A way that failed for good would fail again at its next time.
  if (permanent) state.pending = state.pending.filter((rule) => !(ofTurn(rule) && sameWay(rule)));
  const [next] = state.pending.filter((rule) => ofTurn(rule) && !sameWay(rule)).sort((a, b) => a.dueAt - b.dueAt);
  if (next !== undefined) {
    const moved = { ...next, dueAt: now, reason: 'next_channel' as const, first: next.first || page.first };
    state.pending = state.pending.map((rule) => (rule === next ? moved : rule));
    firePending(draft);
    return;
  }
  const hopes = state.pending.some(ofTurn) || state.pages.some((entry) => ofTurn(entry) && mayStillReach(entry));
  if (!hopes) draft.happened.push({ what: 'person_unreached', personId: page.personId });
}

/** A low urgency rests because someone was told. When the last page that counted fails or is stopped, it goes on. */
export function wakeIfNobodyWasTold(draft: Draft): void {
  const { status, walk, pages, pending } = draft.state;
  if (status !== 'triggered' || walk.phase !== 'parked' || walk.reached > 0) return;
  const hopes = pending.some((rule) => !rule.shadow) || pages.some((entry) => isOnItsWay(entry) && !entry.shadow);
  if (!hopes) changeWalk(draft, { phase: 'waiting', deadlineAt: draft.now });
}

const isOnItsWay = (entry: Page): boolean => entry.result === 'in_flight' && !entry.cancelled;

const mayStillReach = (entry: Page): boolean => wentOut(entry.result) || isOnItsWay(entry);
