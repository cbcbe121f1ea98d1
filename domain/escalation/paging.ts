import type { Draft } from './draft.ts';
import type { PageReason, PendingRule, Question, Responder } from './ladder-parts.ts';
import type { Ladder } from './ladder.ts';
import type { ResolvedPerson } from './messages.ts';

/** Settled pages beyond this many are forgotten, the oldest first; the counters go on. */
const rememberedPages = 100;

/** People beyond this many are forgotten unless the present walk paged them. */
export const rememberedResponders = 200;

interface Turn {
  readonly pass: number;
  readonly rung: number;
  readonly round: number;
  readonly reason: PageReason;
}

export const responderOf = (ladder: Ladder, personId: string): Responder | undefined =>
  ladder.responders.find((responder) => responder.personId === personId);

/**
 * Begins a person's turn: the person's notification rules become timers of the ladder. They take the place of what a
 * turn before left over, but never make it later: turns that come faster than a rule's delay would else put it off for
 * ever. Call `firePending` afterwards for those whose time is now.
 */
export function startTurn(draft: Draft, person: ResolvedPerson, turn: Turn): void {
  const { state, now } = draft;
  const known = responderOf(state, person.personId);
  // Who once was a full responder in this walk is no shadow in the rest of it.
  const shadow = person.shadow && !(known?.walk === state.walk.number && !known.shadow);
  const responder: Responder = {
    personId: person.personId,
    shadow,
    source: person.source,
    walk: state.walk.number,
    pass: turn.pass,
    rung: turn.rung,
    round: turn.round,
    pages: known?.pages ?? 0,
    reachedBy: known?.reachedBy ?? null,
    recentPagesAt: known?.recentPagesAt ?? [],
    heldBack: known?.heldBack ?? 0,
    toldResolved: false,
  };
  state.responders = roomForOne(state).concat(responder);
  const leftOver = new Map(
    state.pending.filter((rule) => rule.personId === person.personId).map((rule) => [rule.ruleId, rule]),
  );
  const rules = [...new Map(person.rules.map((rule) => [rule.ruleId, rule])).values()]
    .map((rule) => {
      const dueAt = now + Math.max(0, rule.delayMs);
      const before = leftOver.get(rule.ruleId);
      return { ...rule, dueAt: Math.min(dueAt, before?.dueAt ?? dueAt), bundled: before?.bundled ?? 1 };
    })
    .sort((a, b) => a.dueAt - b.dueAt);
  const started = rules.map(({ ruleId, contactMethodId, channel, dueAt, bundled }, index): PendingRule => ({
    personId: person.personId,
    ruleId,
    contactMethodId,
    channel,
    dueAt,
    pass: turn.pass,
    rung: turn.rung,
    round: turn.round,
    reason: index === 0 ? turn.reason : 'personal_rule',
    source: person.source,
    shadow,
    first: index === 0,
    bundled,
    heldBack: false,
  }));
  state.pending = [...state.pending.filter((rule) => rule.personId !== person.personId), ...started];

  function roomForOne(ladder: Ladder): Responder[] {
    const others = ladder.responders.filter((other) => other.personId !== person.personId);
    if (others.length < rememberedResponders) return others;
    const oldest = others.findIndex((other) => other.walk !== ladder.walk.number);
    return others.filter((_, index) => index !== Math.max(0, oldest));
  }
}

/** Pages by every rule whose time has come, but for those that the throttle holds back. */
export function firePending(draft: Draft): void {
  const { state, now } = draft;
  const due = state.pending.filter((rule) => rule.dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
  state.pending = state.pending.filter((rule) => rule.dueAt > now);
  for (const rule of due) {
    const freeAt = throttledUntil(state, rule, now);
    if (freeAt === null) page(draft, rule);
    else holdBack(draft, rule, freeAt);
  }
}

/** When the throttle lets the next page to this person through; null when it may go now. */
function throttledUntil(ladder: Ladder, rule: PendingRule, now: number): number | null {
  if (rule.first && ladder.urgency === 'high') return null;
  const { perPersonWindowMs, maxPagesPerWindow } = ladder.throttle;
  const recent = recentPages(ladder, rule.personId, now);
  const blocking = recent[recent.length - maxPagesPerWindow];
  return blocking === undefined ? null : blocking + perPersonWindowMs;
}

const recentPages = (ladder: Ladder, personId: string, now: number): readonly number[] =>
  (responderOf(ladder, personId)?.recentPagesAt ?? []).filter((at) => at > now - ladder.throttle.perPersonWindowMs);

/** Moves a page to the end of the window, where it becomes one with any other that waits there for the same person. */
function holdBack(draft: Draft, rule: PendingRule, untilAt: number): void {
  const { state } = draft;
  const waiting = state.pending.find((other) => other.personId === rule.personId && other.heldBack);
  // The later rule stays of the two: people order their rules from quiet to loud.
  const held: PendingRule = {
    ...rule,
    dueAt: waiting?.dueAt ?? untilAt,
    bundled: rule.bundled + (waiting?.bundled ?? 0),
    heldBack: true,
  };
  state.pending = [...state.pending.filter((other) => other !== waiting), held];
  state.counts = { ...state.counts, held_back: state.counts.held_back + 1 };
  changeResponder(draft, rule.personId, (responder) => ({ heldBack: responder.heldBack + 1 }));
  const { personId, ruleId } = rule;
  draft.happened.push({ what: 'page_held_back', personId, ruleId, untilAt: held.dueAt, bundled: held.bundled });
}

function page(draft: Draft, rule: PendingRule): void {
  const { state, now } = draft;
  const { pass, rung, round, personId, ruleId, contactMethodId, channel, source, shadow, first, bundled } = rule;
  const key = `page:${round}:${personId}:${ruleId}`;
  const reason = rule.reason === 'rung' && state.drill !== null ? 'drill' : rule.reason;
  const what = { key, pass, rung, round, personId, ruleId, contactMethodId, channel, reason, shadow, bundled };
  draft.effects.push({ ...what, type: 'page', urgency: state.urgency, sensitive: state.sensitive });
  draft.happened.push({ ...what, what: 'paged', source });
  state.pages = forgetOldest([
    ...state.pages,
    {
      key,
      pass,
      rung,
      round,
      walk: state.walk.number,
      personId,
      contactMethodId,
      channel,
      reason,
      source,
      shadow,
      first,
      startedAt: now,
      result: 'in_flight',
      cancelled: false,
      deliveryId: null,
    },
  ]);
  state.counts = { ...state.counts, started: state.counts.started + 1, in_flight: state.counts.in_flight + 1 };
  state.firstAttemptAt ??= now;
  changeResponder(draft, personId, (responder) => ({
    pages: responder.pages + 1,
    recentPagesAt: [...recentPages(state, personId, now), now].slice(-state.throttle.maxPagesPerWindow),
  }));
}

function forgetOldest(pages: Ladder['pages']): Ladder['pages'] {
  if (pages.length <= rememberedPages) return pages;
  const oldest = pages.findIndex((entry) => entry.result !== 'in_flight');
  return pages.filter((_, index) => index !== oldest);
}

export function changeResponder(
  draft: Draft,
  personId: string,
  change: (responder: Responder) => Partial<Responder>,
): void {
  draft.state.responders = draft.state.responders.map((responder) =>
    responder.personId === personId ? { ...responder, ...change(responder) } : responder,
  );
}

/** Stops everything that was ordered and not sent: for one person, or with null for all, open questions included. */
export function stopPages(draft: Draft, personId: string | null): void {
  const { state } = draft;
  const concerns = (item: { personId: string }) => personId === null || item.personId === personId;
  const waiting = state.pending.filter(concerns).length;
  const inFlight = state.pages.filter((entry) => concerns(entry) && entry.result === 'in_flight' && !entry.cancelled);
  const asksFor = ({ purpose, personIds }: Question) =>
    personId === null || (purpose === 'added_responder' && personIds.includes(personId));
  state.questions = state.questions.filter((question) => !asksFor(question));
  if (waiting === 0 && inFlight.length === 0) return;
  state.pending = state.pending.filter((rule) => !concerns(rule));
  state.pages = state.pages.map((entry) => (inFlight.includes(entry) ? { ...entry, cancelled: true } : entry));
  draft.happened.push({ what: 'pages_stopped', personId, waiting, inFlight: inFlight.length });
}
