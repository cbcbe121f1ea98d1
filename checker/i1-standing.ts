import type { Ladder } from './escalation-state.ts';
import type { Chain, Facts } from './facts.ts';
import type { EscalationRow } from './rows.ts';

/** What is wrong with how an escalation stands at this moment: why its alert would end in silence. */
export function whatIsWrongNow(facts: Facts, row: EscalationRow, chain: Chain | undefined): string[] {
  const state = row.state as Ladder | null;
  // An escalation without a state has not begun: how long that may last is another question.
  if (state === null) return [];
  if (state.status === 'resolved') return closedWithoutReason(facts, row, state);
  return [...heldByNothing(facts, row, state), ...stuck(facts, row, state), ...unpaged(facts, row, state, chain)];
}

function closedWithoutReason({ alerts }: Facts, row: EscalationRow, { resolution }: Ladder): string[] {
  if (resolution === null) return ['it is closed, and nothing says why'];
  if (resolution.kind === 'person') return [];
  const said = alerts.some(({ id, escalation_id: of }) => id === resolution.alertEventId && of === row.id);
  return said ? [] : ['it was closed by a message of its source that is not there'];
}

function heldByNothing({ windows, now }: Facts, row: EscalationRow, state: Ladder): string[] {
  if (state.status !== 'held') return [];
  const named = state.maintenance.filter(({ untilAt }) => untilAt > now);
  const unknown = named.filter(
    ({ windowId }) => !windows.some(({ id, service_id: of }) => id === windowId && of === row.service_id),
  );
  if (unknown.length > 0) return ['it is held for a maintenance window that is not there'];
  // Whether a hold that is over has ended is told by its time.
  return state.maintenance.length === 0 && state.holdLowUntilAt === null ? ['it is held, and no rule is named'] : [];
}

/** When time alone moves it on next; empty when only a message does. */
function nextTimes(state: Ladder): number[] {
  const { status, walk, pending } = state;
  const clock: Readonly<Record<string, number | null>> = {
    triggered: walk.deadlineAt,
    acknowledged: state.ackTimeoutAt,
    snoozed: state.snoozedUntilAt,
    held: Math.max(
      ...state.maintenance.map(({ untilAt }) => untilAt),
      state.holdLowUntilAt ?? Number.NEGATIVE_INFINITY,
    ),
  };
  const times = [clock[status] ?? null, ...pending.map(({ dueAt }) => dueAt)];
  return times.filter((at) => at !== null && Number.isFinite(at)) as number[];
}

const isInFlight = (page: Ladder['pages'][number]): boolean => page.result === 'in_flight';

function stuck({ deliveries, now, bounds }: Facts, row: EscalationRow, state: Ladder): string[] {
  const since = now - bounds.quietSinceMs;
  const found: string[] = [];
  const times = nextTimes(state);
  const first = Math.min(...times);
  if (first < since) found.push(`${state.status}, and its next step was due at ${new Date(first).toISOString()}`);
  const isOld = row.updated_at < since;
  if (isOld && state.questions.length > 0) found.push(`it asked ${state.questions[0]?.purpose} and got no answer`);
  // A page that is held back is known to be so; whether for too long is another question.
  const heldKeys = deliveries.flatMap(({ escalation_id: of, status, effect_key: key }) =>
    of === row.id && status === 'held' ? [key] : [],
  );
  if (isOld && state.pages.some((page) => isInFlight(page) && !heldKeys.includes(page.key)))
    found.push('what became of a page is not known');
  const waits =
    times.length > 0 || state.questions.length > 0 || state.pages.some((page) => isInFlight(page) && !page.cancelled);
  // A low urgency that has told someone goes no further by itself.
  const isParked = state.urgency === 'low' && state.walk.phase === 'parked' && state.walk.reached > 0;
  if (state.status === 'triggered' && !waits && !isParked) found.push('triggered, and it waits for nothing');
  if ((state.status === 'snoozed' || state.status === 'held') && times.length === 0) {
    found.push(`${state.status} for ever`);
  }
  return found;
}

/** Exhausted, or on its way for long, without one page in the ledger. */
function unpaged(
  { deliveries, now, bounds }: Facts,
  row: EscalationRow,
  state: Ladder,
  chain: Chain | undefined,
): string[] {
  if (state.status !== 'exhausted' && state.status !== 'triggered') return [];
  if (deliveries.some((page) => page.escalation_id === row.id && page.kind !== 'resolved')) return [];
  const since = now - bounds.quietSinceMs;
  if (row.updated_at >= since || nextTimes(state).some((at) => at >= since)) return [];
  return [`${state.status} after ${chain?.events.length ?? 0} events, and nobody was ever paged`];
}
