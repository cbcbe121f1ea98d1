import type { Person } from '../actor.ts';
import { refused } from '../machine.ts';
import type { Step } from '../machine.ts';
import { dayMs } from '../time.ts';
import { askPeople } from './ask.ts';
import { changeWalk, draftOf, finish } from './draft.ts';
import type { Draft } from './draft.ts';
import type { Ladder } from './ladder.ts';
import type { LadderEffect, Of, Owner, PersonMessage } from './messages.ts';
import { rememberedResponders, stopPages } from './paging.ts';
import { urgencyOf } from './policy.ts';
import type { FrozenPolicy } from './policy.ts';
import { resolveNow } from './resolve.ts';
import { wakeIfNobodyWasTold } from './settle.ts';
import { comparePositions, forceNext, holdOf, startWalk } from './walk.ts';

type LadderStep = Step<Ladder, LadderEffect>;

/** Longer than this nobody may silence an escalation (Opsgenie's limit). */
const longestSnoozeMs = 7 * dayMs;

/** Pages the next rung now. Refused when the ladder has moved on since the page or the version that the person saw. */
export function escalateNow(
  ladder: Ladder,
  event: Of<PersonMessage, 'escalateNow'>,
  by: Person,
  now: number,
): LadderStep {
  const { walk, status } = ladder;
  const hold = holdOf(ladder, now);
  if (status === 'held' || hold !== null) return refused('escalation.held', { ...hold });
  const { asOfPage, seenVersion } = event;
  const ahead = asOfPage === undefined ? 0 : comparePositions(asOfPage, walk);
  if (ahead > 0) return refused('escalation.unknown_page', { pass: walk.pass, rung: walk.rung });
  if (ahead < 0 || (seenVersion !== undefined && seenVersion < walk.arrivedVersion)) {
    return refused('escalation.already_escalated', { pass: walk.pass, rung: walk.rung });
  }
  const draft = draftOf(ladder, now);
  draft.happened.push({ what: 'escalated', personId: by.id });
  if (status === 'triggered') forceNext(draft);
  else startWalk(draft, 'escalated', { fromHere: status !== 'exhausted' });
  const { pass, rung } = draft.state.walk;
  return finish(draft, { status: draft.state.status, pass, rung });
}

/** Gives the escalation to a person or to another policy, perhaps another team's. The ladder begins at rung 0 there. */
export function reassign(ladder: Ladder, event: Of<PersonMessage, 'reassign'>, by: Person, now: number): LadderStep {
  const { to } = event;
  const draft = draftOf(ladder, now);
  adopt(draft, policyOf(ladder.policy, to), to.kind === 'person' ? to.personId : null);
  if (to.kind === 'policy') draft.state.teamId = to.teamId;
  const owner = to.kind === 'person' ? { personId: to.personId } : { policyVersionId: to.policy.policyVersionId };
  draft.happened.push({ what: 'reassigned', personId: by.id, to: owner });
  startWalk(draft, 'reassigned');
  return finish(draft, { status: draft.state.status });
}

/** A person who owns an escalation is a policy of one rung, with the catch-all and the clocks of the policy before. */
function policyOf(policy: FrozenPolicy, to: Owner): FrozenPolicy {
  if (to.kind === 'policy') return to.policy;
  const ackWithinMs = policy.rungs[0]?.ackWithinMs ?? 5 * 60_000;
  const rung = {
    targets: [{ kind: 'person' as const, personId: to.personId }],
    ackWithinMs,
    requiredAcks: 1,
    conditions: null,
  };
  return { ...policy, rungs: [rung], repeat: 0 };
}

function adopt(draft: Draft, policy: FrozenPolicy, ownerPersonId: string | null): void {
  draft.state.policy = policy;
  draft.state.ownerPersonId = ownerPersonId;
  draft.state.urgency = urgencyOf(policy, draft.state.severity);
}

/** Nobody is paged until then, when the ladder begins at rung 0. A second snooze moves the end, either way. */
export function snooze(ladder: Ladder, event: Of<PersonMessage, 'snooze'>, by: Person, now: number): LadderStep {
  if (ladder.status === 'held') return refused('escalation.held', { ...holdOf(ladder, now) });
  if (event.until <= now) return refused('escalation.snooze_in_past', { until: event.until });
  const latestAt = now + longestSnoozeMs;
  if (event.until > latestAt) return refused('escalation.snooze_too_long', { until: event.until, latestAt });
  const draft = draftOf(ladder, now);
  const { state } = draft;
  stopPages(draft, null);
  state.status = 'snoozed';
  state.snoozedUntilAt = event.until;
  state.ackTimeoutAt = null;
  state.noOneReached = false;
  changeWalk(draft, { phase: 'stopped', deadlineAt: null, resampleAt: null });
  draft.happened.push({ what: 'snoozed', personId: by.id, untilAt: event.until });
  return finish(draft, { status: 'snoozed', until: event.until });
}

export function resolve(ladder: Ladder, by: Person, now: number): LadderStep {
  const draft = draftOf(ladder, now);
  resolveNow(draft, { kind: 'person', personId: by.id });
  const told = draft.effects.filter((effect) => effect.type === 'tellResolved').length;
  return finish(draft, { status: 'resolved', told });
}

/** Pages one more person by that person's own rules, also after an acknowledgement: it stopped only what was before it. */
export function addResponder(
  ladder: Ladder,
  event: Of<PersonMessage, 'addResponder'>,
  by: Person,
  now: number,
): LadderStep {
  const { status } = ladder;
  if (status === 'snoozed' || status === 'held') {
    const untilAt = status === 'snoozed' ? ladder.snoozedUntilAt : (holdOf(ladder, now)?.untilAt ?? null);
    return refused('escalation.paging_withheld', { status, untilAt });
  }
  const { personId, shadow } = event;
  if (isBeingPaged(ladder, personId)) return refused('escalation.responder_exists', { personId });
  if (ladder.responders.length >= rememberedResponders) return refused('escalation.too_many_responders');
  const draft = draftOf(ladder, now);
  draft.happened.push({ what: 'responder_added', personId, by: by.id, shadow });
  askPeople(draft, 'added_responder', [{ personId, shadow }]);
  return finish(draft, { status });
}

function isBeingPaged(ladder: Ladder, personId: string): boolean {
  return (
    ladder.pending.some((rule) => rule.personId === personId) ||
    ladder.pages.some((page) => page.personId === personId && page.result === 'in_flight' && !page.cancelled) ||
    ladder.questions.some((question) => question.personIds.includes(personId))
  );
}

/** Stops what is still to come of the person's own turn; the ladder goes on for everybody else. */
export function stopOwnPages(ladder: Ladder, by: Person, now: number): LadderStep {
  if (!isBeingPaged(ladder, by.id)) return refused('escalation.no_own_pages');
  const draft = draftOf(ladder, now);
  draft.happened.push({ what: 'stopped_own_pages', personId: by.id });
  stopPages(draft, by.id);
  wakeIfNobodyWasTold(draft);
  return finish(draft, { status: draft.state.status });
}

/**
 * Leaves the version of the policy that was frozen at the opening for the present one. An open ladder begins anew on it;
 * an acknowledgement, a snooze or a hold stays, and what follows it goes by the new version.
 */
export function moveToCurrentPolicy(
  ladder: Ladder,
  event: Of<PersonMessage, 'moveToCurrentPolicy'>,
  by: Person,
  now: number,
): LadderStep {
  const { policyVersionId } = event.policy;
  const follows = ladder.ownerPersonId === null && policyVersionId === ladder.policy.policyVersionId;
  if (follows) return refused('escalation.policy_already_current', { policyVersionId });
  const draft = draftOf(ladder, now);
  const { state } = draft;
  adopt(draft, event.policy, null);
  draft.happened.push({ what: 'policy_changed', personId: by.id, policyVersionId });
  const isReleased = state.status === 'held' && holdOf(state, now) === null;
  if (state.status === 'triggered' || state.status === 'exhausted' || isReleased) startWalk(draft, 'policy_changed');
  else if (state.walk.pass >= 0) beforeFirstRung(draft);
  const { ackTimeoutMs } = event.policy;
  const acknowledged = ladder.acks.at(-1);
  if (state.status === 'acknowledged' && acknowledged !== undefined) {
    state.ackTimeoutAt = ackTimeoutMs === null ? null : Math.max(now, acknowledged.at + ackTimeoutMs);
  }
  return finish(draft, { status: state.status, policyVersionId });
}

/** A place in the old policy means nothing in the new one: the next step, whenever it comes, is to rung 0. */
function beforeFirstRung(draft: Draft): void {
  const { walk, policy } = draft.state;
  changeWalk(draft, {
    pass: walk.pass + 1,
    rung: -1,
    repeatsLeft: policy.repeat,
    passFoundSomeone: false,
    emptyRungs: [],
  });
}
