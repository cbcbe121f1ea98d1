import { askPeople, askRung, leaveUnanswered } from './ask.ts';
import { changeWalk } from './draft.ts';
import type { Draft } from './draft.ts';
import type { SkipReason } from './happening.ts';
import type { Position, Walk, WalkReason } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import { stopPages } from './paging.ts';
import { countsForSeverity } from './policy.ts';

interface WalkStart {
  /** Milliseconds before anyone is asked. */
  readonly graceMs?: number;
  /** Begin beyond the present rung instead of at the first. */
  readonly fromHere?: boolean;
}

/**
 * Begins the ladder anew: whatever the walk before had ordered is stopped. It starts at rung 0 of a new pass, with all
 * its repeats, unless it goes on from here. While paging is withheld it only becomes held.
 */
export function startWalk(draft: Draft, reason: WalkReason, start: WalkStart = {}): void {
  const { state, now, version } = draft;
  stopPages(draft, null);
  state.snoozedUntilAt = null;
  state.acknowledgedBy = null;
  state.acknowledgedAt = null;
  state.ackTimeoutAt = null;
  state.noOneReached = false;
  const hold = holdOf(state, now);
  const begun: Partial<Walk> = { ackedBy: [], reached: 0, startedVersion: version, arrivedVersion: version };
  if (hold !== null) {
    changeWalk(draft, begun);
    withhold(draft, hold);
    return;
  }
  state.status = 'triggered';
  changeWalk(draft, {
    ...begun,
    number: state.walk.number + 1,
    reason,
    phase: 'stopped',
    deadlineAt: null,
    resampleAt: null,
  });
  if (start.fromHere && state.walk.pass >= 0) {
    draft.happened.push({ what: 'walk_started', reason, pass: state.walk.pass });
    forceNext(draft);
    return;
  }
  const pass = state.walk.pass + 1;
  draft.happened.push({ what: 'walk_started', reason, pass });
  changeWalk(draft, {
    pass,
    rung: -1,
    repeatsLeft: state.policy.repeat,
    passFoundSomeone: false,
    emptyRungs: [],
  });
  if (start.graceMs === undefined || start.graceMs === 0) {
    arrive(draft, 0);
    return;
  }
  changeWalk(draft, { phase: 'grace', deadlineAt: now + start.graceMs });
  draft.happened.push({ what: 'grace_started', untilAt: now + start.graceMs });
}

/** Comes to that rung or, past those that do not count for the severity, to the next; past the last, ends the pass. */
export function arrive(draft: Draft, rung: number): void {
  const { state, now, version } = draft;
  const next = nextRung(state, rung);
  for (let passed = rung; passed < (next ?? state.policy.rungs.length); passed++) skip(draft, passed, 'severity');
  if (next === null) {
    endPass(draft);
    return;
  }
  leaveUnanswered(draft);
  const ackWithinMs = state.policy.rungs[next]?.ackWithinMs ?? 0;
  changeWalk(draft, {
    rung: next,
    phase: 'resolving',
    arrivedVersion: version,
    deadlineAt: now + ackWithinMs,
  });
  askRung(draft, 'rung', { pass: state.walk.pass, rung: next });
}

/** Goes to the next rung because a person wants it: past the last one, once around, using up a repeat if one is left. */
export function forceNext(draft: Draft): void {
  const { state } = draft;
  if (nextRung(state, state.walk.rung + 1) !== null) {
    arrive(draft, state.walk.rung + 1);
    return;
  }
  startPass(draft, true);
}

/** Leaves a rung without waiting. */
export function skip(draft: Draft, rung: number, reason: SkipReason): void {
  const { walk } = draft.state;
  draft.happened.push({ what: 'rung_skipped', reason, pass: walk.pass, rung });
  if (reason === 'nobody' || reason === 'unreachable' || reason === 'unresolved')
    changeWalk(draft, { emptyRungs: [...walk.emptyRungs, rung] });
}

/**
 * After the last rung: another pass if one is left, else exhausted. A pass that found nobody is not repeated, since the
 * next would find the same nobody within the same second. Low urgency comes here only while it has told nobody, and then
 * repeats as high urgency does, so that it is not at the catch-all sooner.
 */
function endPass(draft: Draft): void {
  const { walk } = draft.state;
  if (walk.passFoundSomeone && walk.repeatsLeft > 0) startPass(draft, false);
  else exhaust(draft);
}

function startPass(draft: Draft, forced: boolean): void {
  const { walk } = draft.state;
  changeWalk(draft, {
    pass: walk.pass + 1,
    rung: -1,
    repeatsLeft: Math.max(0, walk.repeatsLeft - 1),
    passFoundSomeone: false,
    emptyRungs: [],
    resampleAt: null,
  });
  draft.happened.push({ what: 'pass_started', pass: walk.pass + 1, forced });
  arrive(draft, 0);
}

/** The named end of an unanswered ladder: it stays open, says whether it reached anyone, and pages the catch-all once. */
function exhaust(draft: Draft): void {
  const { state, version } = draft;
  state.status = 'exhausted';
  leaveUnanswered(draft);
  state.noOneReached = state.walk.reached === 0;
  changeWalk(draft, {
    rung: state.policy.rungs.length,
    phase: 'stopped',
    arrivedVersion: version,
    deadlineAt: null,
  });
  draft.happened.push({ what: 'exhausted', noOneReached: state.noOneReached });
  askPeople(draft, 'catch_all', [{ personId: state.policy.catchAllPersonId, shadow: false }]);
}

function nextRung(ladder: Ladder, from: number): number | null {
  const index = ladder.policy.rungs.findIndex((rung, at) => at >= from && countsForSeverity(rung, ladder.severity));
  return index === -1 ? null : index;
}

export interface Hold {
  readonly reason: 'maintenance' | 'low_urgency';
  readonly untilAt: number;
}

/** What withholds paging at this moment, and until when. */
export function holdOf(ladder: Ladder, now: number): Hold | null {
  const windows = ladder.maintenance.map((window) => window.untilAt).filter((untilAt) => untilAt > now);
  const { holdLowUntilAt } = ladder;
  const low = ladder.urgency === 'low' && holdLowUntilAt !== null && holdLowUntilAt > now ? [holdLowUntilAt] : [];
  if (windows.length + low.length === 0) return null;
  return { reason: windows.length > 0 ? 'maintenance' : 'low_urgency', untilAt: Math.max(...windows, ...low) };
}

/**
 * Stops walking. What people's own rules have begun goes on, so that nobody is left with half a warning; so does a
 * responder whom a person has just added.
 */
export function withhold(draft: Draft, hold: Hold): void {
  draft.state.status = 'held';
  draft.state.questions = draft.state.questions.filter(({ purpose }) => purpose === 'added_responder');
  changeWalk(draft, { phase: 'stopped', deadlineAt: null, resampleAt: null });
  draft.happened.push({ what: 'held', ...hold });
}

/** Negative, zero or positive: the first position is before, at or after the second. */
export const comparePositions = (a: Position, b: Position): number => a.pass - b.pass || a.rung - b.rung;
