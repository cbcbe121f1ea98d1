import { isPerson } from '../actor.ts';
import type { Person } from '../actor.ts';
import { ignored, refused } from '../machine.ts';
import type { Machine, Refusal, Step } from '../machine.ts';
import { acknowledge, unacknowledge } from './acknowledge.ts';
import {
  addResponder,
  escalateNow,
  moveToCurrentPolicy,
  reassign,
  resolve,
  snooze,
  stopOwnPages,
} from './decisions.ts';
import { draftOf, finish } from './draft.ts';
import { due, nextDue } from './due.ts';
import type { Ladder } from './ladder.ts';
import type { LadderEffect, LadderEvent, PersonMessage } from './messages.ts';
import { peopleResolved, rosterChanged, rungResolved } from './people.ts';
import { responderOf } from './paging.ts';
import { settlePage } from './settle.ts';
import { maintenanceEnded, maintenanceStarted, sourceAfterResolve, sourceChanged } from './source.ts';
import { startWalk } from './walk.ts';

/**
 * The escalation ladder: pages rung after rung until enough people acknowledge, and never falls silent.
 *
 * Promised: after a complete acknowledgement, a snooze or a resolve nothing is paged that was ordered before it; a rung
 * is paged only when the one before it was asked and its time has passed, or it had nobody, or a person wants it; an
 * unanswered ladder ends `exhausted`, a named state that has paged the catch-all person; every message has an answer.
 */
export const ladderMachine: Machine<Ladder, LadderEvent, LadderEffect> = { transition, nextDue, isFinal };

/** Resolved, and nothing is with a provider any more. */
function isFinal(ladder: Ladder): boolean {
  return ladder.status === 'resolved' && ladder.counts.in_flight === 0;
}

function transition(ladder: Ladder, event: LadderEvent, now: number): Step<Ladder, LadderEffect> {
  if (ladder.version === 0) return event.type === 'opened' ? open(ladder, now) : ignored;
  switch (event.type) {
    case 'opened':
      return ignored;
    case 'due':
      return due(ladder, now);
    case 'rungResolved':
      return rungResolved(ladder, event, now);
    case 'peopleResolved':
      return peopleResolved(ladder, event, now);
    case 'pageSettled':
      return isFinal(ladder) ? ignored : settlePage(ladder, event, now);
    case 'sourceChanged':
      return ladder.status === 'resolved' ? sourceAfterResolve(ladder, event) : sourceChanged(ladder, event, now);
    case 'maintenanceStarted':
      return ladder.status === 'resolved' ? ignored : maintenanceStarted(ladder, event, now);
    case 'maintenanceEnded':
      return ladder.status === 'resolved' ? ignored : maintenanceEnded(ladder, event, now);
    case 'rosterChanged':
      return ladder.status === 'resolved' ? ignored : rosterChanged(ladder, event, now);
    default:
      return fromPerson(ladder, event, now);
  }
}

function open(ladder: Ladder, now: number): Step<Ladder, LadderEffect> {
  const draft = draftOf(ladder, now);
  startWalk(draft, 'opened');
  return finish(draft);
}

function fromPerson(ladder: Ladder, event: PersonMessage, now: number): Step<Ladder, LadderEffect> {
  const { by } = event;
  if (!isPerson(by)) return refused('decision.person_required');
  const refusal = whyNot(ladder, event, by);
  if (refusal !== null) return refusal;
  const step = decide(ladder, event, by, now);
  if (step.outcome !== 'moved' || ladder.firstHumanAt !== null) return step;
  const wasPaged = (responderOf(ladder, by.id)?.pages ?? 0) > 0;
  return wasPaged ? { ...step, state: { ...step.state, firstHumanAt: now } } : step;
}

/** A shadow is paged to learn, and may do nothing that would make the ladder quieter. */
const quietening: ReadonlySet<PersonMessage['type']> = new Set(['acknowledge', 'snooze', 'resolve', 'reassign']);

/** These mean the same whatever happened since the person looked. */
const timeless: ReadonlySet<PersonMessage['type']> = new Set(['addResponder', 'stopOwnPages']);

function whyNot(ladder: Ladder, event: PersonMessage, by: Person): Refusal | null {
  const { resolution, walk, version } = ladder;
  if (resolution !== null) {
    const resolvedBy = resolution.kind === 'person' ? resolution.personId : resolution.alertEventId;
    return refused('escalation.resolved', { resolvedAt: resolution.at, resolvedBy });
  }
  const { seenVersion } = event;
  if (seenVersion !== undefined && seenVersion > version) return refused('aggregate.version_conflict', { version });
  if (responderOf(ladder, by.id)?.shadow && quietening.has(event.type)) return refused('escalation.shadow_cannot_stop');
  if (seenVersion !== undefined && seenVersion < walk.startedVersion && !timeless.has(event.type)) {
    return refused('escalation.stale_reply', {
      seenVersion,
      startedVersion: walk.startedVersion,
      anewBecause: walk.reason,
    });
  }
  return null;
}

function decide(ladder: Ladder, event: PersonMessage, by: Person, now: number): Step<Ladder, LadderEffect> {
  switch (event.type) {
    case 'acknowledge':
      return acknowledge(ladder, event, by, now);
    case 'unacknowledge':
      return unacknowledge(ladder, by, now);
    case 'escalateNow':
      return escalateNow(ladder, event, by, now);
    case 'reassign':
      return reassign(ladder, event, by, now);
    case 'snooze':
      return snooze(ladder, event, by, now);
    case 'resolve':
      return resolve(ladder, by, now);
    case 'addResponder':
      return addResponder(ladder, event, by, now);
    case 'stopOwnPages':
      return stopOwnPages(ladder, by, now);
    default:
      return moveToCurrentPolicy(ladder, event, by, now);
  }
}
