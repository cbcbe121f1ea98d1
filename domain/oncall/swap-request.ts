import type { Actor } from '../actor.ts';
import { holds, isPerson } from '../actor.ts';
import { ignored, moved, refused } from '../machine.ts';
import type { Keyed, Machine, Refusal, Step, Versioned } from '../machine.ts';
import { segments } from './segments.ts';
import type { OverrideDraft, PersonId, Schedule, Shift } from './schedule.ts';

/** A shift that its person gives away, on one layer or (null) wherever in the schedule the person is on call. */
export interface SwapSide extends Shift {
  readonly layerId: string | null;
}

type SwapStatus = 'proposed' | 'accepted' | 'declined' | 'withdrawn' | 'expired';

export interface SwapRequest extends Versioned {
  readonly scheduleId: string;
  readonly status: SwapStatus;
  readonly sides: readonly [SwapSide, SwapSide];
  readonly proposedById: PersonId;
  readonly proposedAt: number;
  /** Not later than the first of the two shifts: what has begun cannot be swapped. */
  readonly expiresAt: number;
  /** Who agreed so far. Only the consent of both makes the swap. */
  readonly consentedIds: readonly PersonId[];
  /** Who accepted last, declined or withdrew; null while it is open and when it expired. */
  readonly decidedById: PersonId | null;
  readonly decidedAt: number | null;
}

export interface SwapProposal {
  readonly scheduleId: string;
  readonly sides: readonly [SwapSide, SwapSide];
  readonly expiresAt: number;
}

/** `shiftsStand`: what `swapShiftsStand` says of the schedule at the moment of acceptance. */
export type SwapEvent =
  | { readonly type: 'accept'; readonly by: Actor; readonly shiftsStand: boolean }
  | { readonly type: 'decline'; readonly by: Actor }
  | { readonly type: 'withdraw'; readonly by: Actor }
  | { readonly type: 'due' };

/** `create_overrides`: write both or neither. `tell`: let these people know of the request's new status. */
export type SwapEffect =
  | (Keyed & { readonly type: 'create_overrides'; readonly overrides: readonly [OverrideDraft, OverrideDraft] })
  | (Keyed & { readonly type: 'tell'; readonly personIds: readonly PersonId[]; readonly status: SwapStatus });

/**
 * Opens a swap request. Whoever proposes agrees by it; an on-call manager may propose for two others, who both must agree.
 *
 * Refuses `decision.person_required`, `oncall.override_self`, `oncall.swap_period` and `oncall.swap_not_party`.
 */
export function proposeSwap(
  proposal: SwapProposal,
  by: Actor,
  now: number,
): Refusal | Extract<Step<SwapRequest, SwapEffect>, { outcome: 'moved' }> {
  if (!isPerson(by)) return refused('decision.person_required');
  const [one, other] = proposal.sides;
  if (one.personId === other.personId) return refused('oncall.override_self');
  const firstStartAt = Math.min(one.startAt, other.startAt);
  const areProper = one.startAt < one.endAt && other.startAt < other.endAt;
  if (!areProper || proposal.expiresAt <= now || proposal.expiresAt > firstStartAt)
    return refused('oncall.swap_period');
  const isParty = partiesOf(proposal).includes(by.id);
  if (!isParty && !holds(by, 'oncall_manager')) return refused('oncall.swap_not_party');

  const state: SwapRequest = {
    version: 1,
    scheduleId: proposal.scheduleId,
    status: 'proposed',
    sides: proposal.sides,
    proposedById: by.id,
    proposedAt: now,
    expiresAt: proposal.expiresAt,
    consentedIds: isParty ? [by.id] : [],
    decidedById: null,
    decidedAt: null,
  };
  return { outcome: 'moved', state, effects: [tell(state, 1, 'proposed', by.id)] };
}

/** The life of a swap request after it was proposed: one of accepted, declined, withdrawn, expired, and then no more. */
export const swapMachine: Machine<SwapRequest, SwapEvent, SwapEffect> = {
  transition(state, event, now) {
    if (event.type === 'due') {
      if (state.status !== 'proposed' || now < state.expiresAt) return ignored;
      return close(state, 'expired', null, now);
    }
    if (!isPerson(event.by)) return refused('decision.person_required');
    if (state.status !== 'proposed') return refused('oncall.swap_closed', { status: state.status });
    // The timer may be late; the deadline is not.
    if (now >= state.expiresAt) return refused('oncall.swap_closed', { status: 'expired' });
    const isParty = partiesOf(state).includes(event.by.id);

    if (event.type === 'withdraw') {
      return event.by.id === state.proposedById
        ? close(state, 'withdrawn', event.by.id, now)
        : refused('oncall.swap_not_party');
    }
    if (!isParty) return refused('oncall.swap_not_party');
    if (event.type === 'decline') return close(state, 'declined', event.by.id, now);
    if (state.consentedIds.includes(event.by.id)) return refused('oncall.swap_already_agreed');
    if (!event.shiftsStand) return refused('oncall.swap_shift_moved');
    return accept(state, event.by.id, now);
  },
  nextDue: (state) => (state.status === 'proposed' ? state.expiresAt : null),
  isFinal: (state) => state.status !== 'proposed',
};

/** Whether each person is on call for the whole of the shift that they give away, with the schedule as it is. */
export function swapShiftsStand(schedule: Schedule, sides: readonly [SwapSide, SwapSide]): boolean {
  return sides.every(({ personId, layerId, startAt, endAt }) =>
    segments(schedule, startAt, endAt).every(
      ({ people, source }) => people.includes(personId) && (layerId === null || source.layerId === layerId),
    ),
  );
}

function accept(state: SwapRequest, personId: PersonId, now: number): Step<SwapRequest, SwapEffect> {
  const consentedIds = [...state.consentedIds, personId];
  if (consentedIds.length < 2) return moved(state, { consentedIds });
  const [one, other] = state.sides;
  return moved<SwapRequest, SwapEffect>(
    state,
    { consentedIds, status: 'accepted', decidedById: personId, decidedAt: now },
    [
      {
        key: 'overrides',
        type: 'create_overrides',
        overrides: [standIn(one, other.personId), standIn(other, one.personId)],
      },
      tell(state, state.version + 1, 'accepted', personId),
    ],
  );
}

function close(
  state: SwapRequest,
  status: SwapStatus,
  by: PersonId | null,
  now: number,
): Step<SwapRequest, SwapEffect> {
  return moved<SwapRequest, SwapEffect>(state, { status, decidedById: by, decidedAt: now }, [
    tell(state, state.version + 1, status, by),
  ]);
}

const standIn = ({ personId, layerId, startAt, endAt }: SwapSide, byPersonId: PersonId): OverrideDraft => ({
  kind: 'replace',
  layerId,
  personId,
  byPersonId,
  startAt,
  endAt,
});

const partiesOf = ({ sides }: SwapProposal): PersonId[] => sides.map((side) => side.personId);

/** Everyone concerned but the one who just acted. */
function tell(state: SwapRequest, version: number, status: SwapStatus, actorId: PersonId | null): SwapEffect {
  const concerned = [...new Set([...partiesOf(state), state.proposedById])];
  return { key: `tell:${version}`, type: 'tell', personIds: concerned.filter((id) => id !== actorId), status };
}
