import { ignored, refused } from '../machine.ts';
import type { Step } from '../machine.ts';
import { worse } from '../severity.ts';
import { askRung } from './ask.ts';
import { draftOf, finish } from './draft.ts';
import type { Draft } from './draft.ts';
import type { Ladder } from './ladder.ts';
import type { Fact, LadderEffect, Of } from './messages.ts';
import { urgencyOf } from './policy.ts';
import { resolveNow } from './resolve.ts';
import { holdOf, startWalk, withhold } from './walk.ts';

type LadderStep = Step<Ladder, LadderEffect>;
type SourceChanged = Of<Fact, 'sourceChanged'>;

/** So many alert events are recognised when they come a second time. */
const rememberedAlertEvents = 50;

/** Windows beyond this many are forgotten, those that end first first. */
const rememberedWindows = 20;

/**
 * What the source says. A repeated trigger is counted and pages nobody; a worse severity than ever before, or more
 * firing alerts than the policy's threshold, may page again. A resolve closes, unless alerts still fire; a drill is
 * closed by its source only once a person has acknowledged it.
 */
export function sourceChanged(ladder: Ladder, event: SourceChanged, now: number): LadderStep {
  if (ladder.recentAlertEventIds.includes(event.alertEventId)) return ignored;
  const draft = draftOf(ladder, now);
  const { state } = draft;
  state.recentAlertEventIds = [...ladder.recentAlertEventIds, event.alertEventId].slice(-rememberedAlertEvents);
  state.triggerCount += event.kind === 'trigger' ? 1 : 0;
  state.firingCount = event.firingCount;
  state.sourceSeverity = event.severity;
  const { alertEventId } = event;
  const { triggerCount, firingCount } = state;
  draft.happened.push({ what: 'alert_merged', alertEventId, triggerCount, firingCount });
  if (event.kind === 'resolve') {
    if (firingCount === 0) resolveBySource(draft, alertEventId);
    return finish(draft);
  }
  state.sourceResolvedBy = null;
  const rose = raiseSeverity(draft, event);
  const passed = passFiringCount(draft);
  if (rose || passed) react(draft, ladder, { rose, passed });
  return finish(draft);
}

function resolveBySource(draft: Draft, alertEventId: string): void {
  const { state } = draft;
  if (state.drill !== null && state.firstAckAt === null) {
    state.sourceResolvedBy = alertEventId;
    draft.happened.push({ what: 'waits_for_a_person', alertEventId });
    return;
  }
  resolveNow(draft, { kind: 'source', alertEventId });
}

function raiseSeverity(draft: Draft, event: SourceChanged): boolean {
  const { state } = draft;
  const to = worse(event.severity, state.severity);
  if (to === state.severity) return false;
  draft.happened.push({ what: 'severity_rose', from: state.severity, to });
  state.severity = to;
  state.urgency = urgencyOf(state.policy, to);
  return true;
}

function passFiringCount(draft: Draft): boolean {
  const { state } = draft;
  const threshold = state.policy.rePage.onFiringCountAbove;
  if (threshold === null || state.pagedForFiringCount || state.firingCount <= threshold) return false;
  // While nobody is being paged it is not used up: whoever is paged next is paged for the count of that moment.
  if (state.status !== 'triggered') return false;
  state.pagedForFiringCount = true;
  draft.happened.push({ what: 'firing_count_passed', firingCount: state.firingCount, threshold });
  return true;
}

/** What a rise leads to in each state; where nothing is named it is counted only. */
function react(draft: Draft, before: Ladder, { rose, passed }: { rose: boolean; passed: boolean }): void {
  const { state, now } = draft;
  const { onSeverityRise } = state.policy.rePage;
  const becameHigh = before.urgency === 'low' && state.urgency === 'high';
  switch (state.status) {
    case 'triggered':
      // A low urgency goes no further than its first people: as a high one it must begin anew.
      if (becameHigh && state.walk.phase !== 'grace') startWalk(draft, 'severity_rose');
      else if (passed || onSeverityRise) rePage(draft);
      return;
    case 'snoozed':
      if (rose && onSeverityRise) startWalk(draft, 'severity_rose');
      return;
    case 'exhausted':
      if (rose) startWalk(draft, 'severity_rose');
      return;
    case 'held':
      if (rose && holdOf(state, now) === null) startWalk(draft, 'severity_rose');
      return;
    case 'acknowledged':
    case 'resolved':
      return;
  }
}

/** Pages again who is on the present rung now. While that is being asked, the coming pages say it all. */
function rePage(draft: Draft): void {
  const { walk } = draft.state;
  if (walk.phase !== 'waiting' && walk.phase !== 'parked') return;
  askRung(draft, 're_page', { pass: walk.pass, rung: walk.rung });
}

/** Paging about the service is withheld from now on. Of an open ladder, no further rung is paged. */
export function maintenanceStarted(ladder: Ladder, event: Of<Fact, 'maintenanceStarted'>, now: number): LadderStep {
  const known = ladder.maintenance.find((window) => window.windowId === event.windowId);
  if (event.until <= now || known?.untilAt === event.until) return ignored;
  const draft = draftOf(ladder, now);
  const { state } = draft;
  const window = { windowId: event.windowId, untilAt: event.until };
  state.maintenance = [...ladder.maintenance.filter((other) => other !== known && other.untilAt > now), window]
    .sort((a, b) => a.untilAt - b.untilAt)
    .slice(-rememberedWindows);
  draft.happened.push({ what: 'maintenance_noted', ...window });
  const hold = holdOf(state, now);
  if (hold !== null && (state.status === 'triggered' || state.status === 'held')) withhold(draft, hold);
  return finish(draft);
}

/** A window ended before its time. With the last of them, the ladder begins at rung 0. */
export function maintenanceEnded(ladder: Ladder, event: Of<Fact, 'maintenanceEnded'>, now: number): LadderStep {
  if (!ladder.maintenance.some((window) => window.windowId === event.windowId)) return ignored;
  const draft = draftOf(ladder, now);
  const { state } = draft;
  state.maintenance = ladder.maintenance.filter((window) => window.windowId !== event.windowId);
  draft.happened.push({ what: 'maintenance_noted', windowId: event.windowId, untilAt: null });
  if (state.status === 'held' && holdOf(state, now) === null) startWalk(draft, 'hold_ended');
  return finish(draft);
}

/** What a source's word means once all is over: a trigger must open a new escalation, linked to this one. */
export const sourceAfterResolve = (ladder: Ladder, event: SourceChanged): LadderStep =>
  event.kind === 'trigger'
    ? refused('escalation.resolved', {
        resolvedAt: ladder.resolution?.at ?? null,
        previousEscalationId: ladder.escalationId,
      })
    : ignored;
