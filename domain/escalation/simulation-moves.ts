import { minuteMs } from '../time.ts';
import { nextDue } from './due.ts';
import type { Ladder } from './ladder.ts';
import type { SimulatedPage, SimulationPlan } from './simulation.ts';

/** What is to be done next to the ladder under simulation, whatever engine drives it. */
export type Move =
  /** Let time pass until then, with everything that falls due, and answer everything that is asked. */
  | { readonly kind: 'advance'; readonly at: number }
  /** At this moment, which was reached, the person acknowledges. */
  | { readonly kind: 'acknowledge'; readonly personId: string; readonly at: number };

/** What the people of the simulation see: the ladder, and the pages that have left. */
export interface Seen {
  readonly ladder: Ladder;
  readonly pages: readonly SimulatedPage[];
}

interface Intention {
  readonly name: string;
  readonly personId: string;
  readonly at: number;
  /** The walk that it answers; null for one that is made in any case. */
  readonly walk: number | null;
}

/** A simulation of more moves than this is cut off: nobody reads further, and it must not hold up who asked. */
const mostMoves = 4_000;

/** Who is woken needs a moment to find the button. */
const answerAfterMs = minuteMs;

/**
 * The moves of a plan, each decided by what was seen after the one before. The first is to the plan's beginning, when the
 * ladder has just been opened. Time advances at most to the next thing that falls due, since that may lead to an answer.
 */
export function* movesOf(plan: SimulationPlan): Generator<Move, void, Seen> {
  const untilAt = plan.at + plan.forMs;
  const done = new Set<string>();
  let seen = yield { kind: 'advance', at: plan.at };
  for (let made = 1; made < mostMoves; made++) {
    const next = intentions(plan, seen)
      .filter(({ name, at }) => !done.has(name) && at <= untilAt)
      .toSorted((a, b) => a.at - b.at)[0];
    const toAt = Math.min(untilAt, next?.at ?? untilAt, nextDue(seen.ladder) ?? untilAt);
    seen = yield { kind: 'advance', at: toAt };
    if (next !== undefined && toAt === next.at) {
      done.add(next.name);
      if (isStillMeant(next, seen.ladder)) seen = yield { kind: 'acknowledge', personId: next.personId, at: next.at };
    } else if (toAt === untilAt) {
      return;
    }
  }
}

function intentions({ at, acknowledgements, silentIds }: SimulationPlan, { ladder, pages }: Seen): Intention[] {
  const given = acknowledgements.map(({ personId, afterMs }, index) => ({
    name: `given ${index}`,
    personId,
    at: at + afterMs,
    walk: null,
  }));
  if (silentIds === null) return given;
  const others = [...silentIds, ...acknowledgements.map(({ personId }) => personId)];
  const answers = new Map<string, Intention>();
  const { number } = ladder.walk;
  for (const page of pages.slice(pages.findLastIndex(({ walk }) => walk !== number) + 1)) {
    if (page.shadow || others.includes(page.personId) || answers.has(page.personId)) continue;
    const { personId, walk } = page;
    answers.set(personId, { name: `answer ${walk} ${personId}`, personId, at: page.at + answerAfterMs, walk });
  }
  return [...given, ...answers.values()];
}

/** Who sees that somebody has taken it goes back to sleep. */
const isStillMeant = ({ walk, personId }: Intention, ladder: Ladder): boolean =>
  walk === null ||
  (ladder.walk.number === walk && ladder.status !== 'acknowledged' && !ladder.walk.ackedBy.includes(personId));
