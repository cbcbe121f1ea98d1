import { ignored } from '../machine.ts';
import type { Step } from '../machine.ts';
import { askPeople } from './ask.ts';
import { changeWalk, draftOf, finish } from './draft.ts';
import type { Draft } from './draft.ts';
import { pageTriedWithinMs } from './ladder-parts.ts';
import type { Page } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { LadderEffect } from './messages.ts';
import { firePending } from './paging.ts';
import { resample, rungsToResample } from './people.ts';
import { schedulesOf } from './policy.ts';
import type { Rung } from './policy.ts';
import { arrive, holdOf, skip, startWalk } from './walk.ts';

/** How long a timer may be late before it tells of an outage. */
const lateMs = 1_000;

/** The next moment at which time alone moves the ladder; null when only a message does. */
export function nextDue(ladder: Ladder): number | null {
  if (ladder.version === 0 || ladder.status === 'resolved') return null;
  const times = [clockOfStatus(ladder), resampleTime(ladder), ...ladder.pending.map((rule) => rule.dueAt)];
  return times.reduce<number | null>((first, at) => (at === null ? first : Math.min(at, first ?? at)), null);
}

function clockOfStatus(ladder: Ladder): number | null {
  switch (ladder.status) {
    case 'triggered':
      return ladder.walk.deadlineAt;
    case 'acknowledged':
      return ladder.ackTimeoutAt;
    case 'snoozed':
      return ladder.snoozedUntilAt;
    case 'held':
      return holdOf(ladder, 0)?.untilAt ?? null;
    default:
      return null;
  }
}

function resampleTime(ladder: Ladder): number | null {
  const { status, walk, noOneReached } = ladder;
  const searching = status === 'triggered' ? walk.phase !== 'parked' : status === 'exhausted' && noOneReached;
  return searching && rungsToResample(ladder, readsSchedule).length > 0 ? walk.resampleAt : null;
}

const readsSchedule = (rung: Rung): boolean => schedulesOf(rung).length > 0;

/**
 * What time does. The clock of the status goes first, so that a hold's or acknowledgement's end replaces the rules that
 * are due at the same instant; on a rung the rules go first, then its deadline, each as a transition of its own.
 */
export function due(ladder: Ladder, now: number): Step<Ladder, LadderEffect> {
  const at = nextDue(ladder);
  if (at === null || at > now) return ignored;
  const draft = draftOf(ladder, now);
  const clock = clockOfStatus(ladder);
  const statusIsDue = clock !== null && clock <= now;
  if (statusIsDue && ladder.status !== 'triggered') endOfStatus(draft);
  else if (ladder.pending.some((rule) => rule.dueAt <= now)) firePending(draft);
  else if (statusIsDue) endOfWait(draft);
  else resampleNow(draft);
  return finish(draft);
}

function endOfStatus(draft: Draft): void {
  const { state } = draft;
  if (state.status === 'held') startWalk(draft, 'hold_ended');
  else if (state.status === 'snoozed') startWalk(draft, 'snooze_ended');
  else {
    const ackers = state.walk.ackedBy.map((personId) => ({ personId, shadow: false }));
    startWalk(draft, 'ack_timeout');
    if (draft.state.status !== 'held') askPeople(draft, 'ack_timeout', ackers);
  }
}

function endOfWait(draft: Draft): void {
  const { state, now } = draft;
  const { walk } = state;
  if (walk.phase === 'grace') {
    arrive(draft, 0);
  } else if (state.urgency === 'low' && (walk.phase !== 'resolving' || walk.reached > 0)) {
    endOfLowWait(draft);
  } else if (walk.phase === 'resolving') {
    skip(draft, walk.rung, 'unresolved');
    arrive(draft, walk.rung + 1);
  } else {
    const untilAt = surelyTriedAt(state, now);
    if (untilAt > now) extendWait(draft, untilAt);
    else arrive(draft, walk.rung + 1);
  }
}

/**
 * When it is certain that somebody of this rung was tried: now, once a page of it has an outcome or none is on its way.
 * Until then a page may wait in the hands of a process that was killed, and is given to another only after
 * `pageTriedWithinMs`. After an outage of the machinery, which shows in a deadline that comes late, that time counts anew.
 */
function surelyTriedAt({ walk, pages }: Ladder, now: number): number {
  const counts = (page: Page) => page.walk === walk.number && !page.shadow && !page.cancelled;
  const ofRung = pages.filter((page) => counts(page) && page.pass === walk.pass && page.rung === walk.rung);
  const [first] = ofRung;
  if (first === undefined || ofRung.some((page) => page.result !== 'in_flight')) return now;
  const isLate = now - (walk.deadlineAt ?? now) > lateMs;
  return Math.max(now, (isLate ? now : first.startedAt) + pageTriedWithinMs);
}

function extendWait(draft: Draft, untilAt: number): void {
  const { pass, rung } = draft.state.walk;
  changeWalk(draft, { deadlineAt: untilAt });
  draft.happened.push({ what: 'wait_extended', untilAt, pass, rung });
}

/** Low urgency goes no further once someone was told. Only when nobody could be is it the next rung's turn. */
function endOfLowWait(draft: Draft): void {
  const { state, now } = draft;
  const { walk, pending, pages, policy } = state;
  const { pass, rung } = walk;
  if (walk.reached > 0) {
    changeWalk(draft, { phase: 'parked', deadlineAt: null });
    draft.happened.push({ what: 'low_urgency_waits', pass, rung });
    return;
  }
  const waiting = pending.filter((rule) => !rule.shadow).map((rule) => rule.dueAt);
  const inFlight = pages.some((page) => page.result === 'in_flight' && !page.cancelled && !page.shadow);
  if (waiting.length === 0 && !inFlight) {
    arrive(draft, rung + 1);
    return;
  }
  extendWait(draft, Math.max(now, ...waiting) + (policy.rungs[rung]?.ackWithinMs ?? 0));
}

function resampleNow(draft: Draft): void {
  changeWalk(draft, { resampleAt: null });
  resample(draft, readsSchedule);
}
