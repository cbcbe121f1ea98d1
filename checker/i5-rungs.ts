import { did } from './escalation-state.ts';
import type { Happening, Ladder, Position } from './escalation-state.ts';
import type { Chain, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { chainsOf, nameOf, stepsOf } from './history.ts';
import { checkBundles } from './i5-bundles.ts';
import type { Step } from './history.ts';

const needs = ['rungs asked', 'later rungs'];

/** I5: rung n+1 never before rung n was attempted and its deadline passed; rungs that have nobody are skipped at once. */
export const rungsInOrder: PromiseCheck = {
  promise: 'I5',
  title: 'rung n+1 never before rung n was attempted and its deadline passed',
  needs,
  check(facts) {
    const found = new Findings('I5', needs);
    found.each(chainsOf(facts, 'escalation'), nameOf, (chain) => {
      checkChain(chain, found);
      checkBundles(facts, chain, stepsOf<Ladder>(chain), found);
    });
    return found;
  },
};

interface ResolvedPerson {
  readonly personId: string;
  readonly shadow: boolean;
  readonly rules: readonly { readonly delayMs: number }[];
}

/** One stay at a rung, from the moment it was asked who is on it. */
interface Visit extends Position {
  readonly walk: number;
  readonly question: string;
  readonly askedAt: number;
  readonly ackWithinMs: number;
  readonly hours: string | null;
  answer: { readonly at: number; readonly people: readonly ResolvedPerson[]; readonly isOutOfHours: boolean } | null;
}

function checkChain(chain: Chain, found: Findings): void {
  const steps = stepsOf<Ladder>(chain);
  let visit: Visit | null = null;
  for (const step of steps) {
    if (visit !== null) noteAnswer(visit, step);
    const [asked] = did(step.state, 'rung_asked').filter(({ because }) => because === 'rung');
    if (asked === undefined) continue;
    found.saw('rungs asked');
    const name = `pass ${asked.pass} rung ${asked.rung}`;
    for (const what of mayCome(chain, steps, step, visit, asked, found)) {
      found.breach(nameOf(chain), `${name} ${what}`, step.recordedAt);
    }
    visit = visitOf(step, asked);
  }
}

function visitOf({ state, at }: Step<Ladder>, { pass = 0, rung = 0 }: Happening): Visit {
  const question = state.questions.find((each) => each.purpose === 'rung' && each.pass === pass && each.rung === rung);
  const of = state.policy.rungs[rung];
  return {
    pass,
    rung,
    walk: state.walk.number,
    question: question?.key ?? '',
    askedAt: at,
    ackWithinMs: of?.ackWithinMs ?? 0,
    hours: of?.conditions?.hours ?? null,
    answer: null,
  };
}

function noteAnswer(visit: Visit, { event, at }: Step<Ladder>): void {
  if (event.type !== 'rungResolved' || event['effectKey'] !== visit.question || visit.answer !== null) return;
  const hours = event['hours'];
  visit.answer = {
    at,
    people: event['people'] as readonly ResolvedPerson[],
    isOutOfHours: visit.hours !== null && typeof hours === 'string' && hours !== visit.hours,
  };
}

/** Why the ladder should not have come to a rung at that step. */
function mayCome(
  chain: Chain,
  steps: readonly Step<Ladder>[],
  step: Step<Ladder>,
  visit: Visit | null,
  next: Happening,
  found: Findings,
): string[] {
  const { event, before, state, at } = step;
  // A new walk begins at its first rung; a person may want the next one now; a grace has an end of its own.
  const begins = did(state, 'walk_started').length > 0;
  const graceEnded = event.type === 'due' && before?.walk.phase === 'grace';
  if (begins || graceEnded || event.type === 'escalateNow') return [];
  if (visit === null) return ['was asked out of nothing'];
  found.saw('later rungs');
  if ((next.pass ?? 0) < visit.pass || (next.pass === visit.pass && (next.rung ?? 0) <= visit.rung)) {
    return [`was asked after pass ${visit.pass} rung ${visit.rung}`];
  }
  const { answer } = visit;
  const isEmpty = answer !== null && (answer.isOutOfHours || reachable(answer.people).length === 0);
  if (event.type === 'rungResolved') {
    return isEmpty && event['effectKey'] === visit.question
      ? []
      : ['was asked at once, though the rung before had someone'];
  }
  if (event.type !== 'due') return [`was asked because of ${event.type}`];
  const waitedMs = at - (answer?.at ?? visit.askedAt);
  const wrong: string[] = [];
  if (waitedMs < visit.ackWithinMs)
    wrong.push(`was asked after ${waitedMs} of the ${visit.ackWithinMs} ms of the rung before`);
  if (answer !== null && !isEmpty && !wasAttempted(chain, steps, step, visit, answer.people)) {
    wrong.push('was asked before anyone of the rung before was tried');
  }
  return wrong;
}

const reachable = (people: readonly ResolvedPerson[]): readonly ResolvedPerson[] =>
  people.filter(({ shadow, rules }) => !shadow && rules.length > 0);

/**
 * True when a page of that stay had its row, or was settled without one, before the ladder went on. Nobody needs to be
 * tried when all who are on it had acknowledged, were held back by the throttle, or asked not to be paged at once.
 */
function wasAttempted(
  chain: Chain,
  steps: readonly Step<Ladder>[],
  step: Step<Ladder>,
  visit: Visit,
  people: readonly ResolvedPerson[],
): boolean {
  const earlier = steps.filter(({ seq, state }) => seq < step.seq && state.walk.number === visit.walk);
  const here = earlier.flatMap(({ state }) =>
    did(state, 'paged').filter(({ pass, rung }) => pass === visit.pass && rung === visit.rung),
  );
  if (here.length === 0) {
    const known = step.before?.walk.ackedBy ?? [];
    const heldBack = earlier.flatMap(({ state }) => did(state, 'page_held_back').map(({ personId }) => personId));
    return reachable(people).every(
      ({ personId, rules }) =>
        known.includes(personId) || heldBack.includes(personId) || rules.every(({ delayMs }) => delayMs > 0),
    );
  }
  const keys = new Set(here.map(({ key }) => key));
  const started = chain.events.some(
    ({ action, cause, seq }) => action === 'escalation.pageStarted' && seq < step.seq && keys.has(cause ?? ''),
  );
  return started || earlier.some(({ state }) => did(state, 'page_settled').some(({ key }) => keys.has(key)));
}
