import { nextDue } from './due.ts';
import { isPageWanted } from './ladder.ts';
import type { Ladder } from './ladder.ts';
import type { PageResult } from './ladder-parts.ts';
import type { OnCallSnapshot, SimulatedPage, SimulatedRefusal, Simulation, SimulationPlan } from './simulation.ts';

/** What an engine records of the ladder that it drives: in place of the tables, and of the providers of pages. */
export class SimulationLog {
  /** The pages that left. */
  readonly pages: SimulatedPage[] = [];
  private readonly steps: Simulation['steps'][number][] = [];
  private readonly refusals: SimulatedRefusal[] = [];
  private readonly ordered = new Map<string, SimulatedPage>();
  private readonly ruleDelays: ReadonlyMap<string, number>;
  private readonly plan: SimulationPlan;
  private newest: Ladder | null = null;

  constructor(snapshot: OnCallSnapshot, plan: SimulationPlan) {
    this.plan = plan;
    this.ruleDelays = new Map(
      snapshot.people.flatMap(({ rules }) => [...rules.high, ...rules.low].map((rule) => [rule.id, rule.delayMinutes])),
    );
  }

  /** The ladder as it was last recorded; null before its opening was. */
  get recorded(): Ladder | null {
    return this.newest;
  }

  record(at: number, state: Ladder): void {
    this.newest = state;
    for (const fact of state.happened) {
      this.steps.push({ at, fact });
      if (fact.what !== 'paged') continue;
      const { what: _what, round: _round, ...page } = fact;
      const ruleDelayMinutes = this.ruleDelays.get(fact.ruleId) ?? null;
      this.ordered.set(fact.key, { ...page, at, walk: state.walk.number, ruleDelayMinutes });
    }
  }

  /** Sends a page if the recorded ladder still wants it. */
  send(key: string): PageResult {
    const page = this.ordered.get(key);
    if (page === undefined || this.newest === null || !isPageWanted(this.newest, key)) return 'superseded';
    this.pages.push(page);
    return 'sent';
  }

  refuse(at: number, personId: string, code: string): void {
    this.refusals.push({ at, personId, code });
  }

  summary(endedAt: number): Simulation {
    const { newest: ladder, pages, steps, refusals, plan } = this;
    if (ladder === null) throw new Error('nothing was recorded');
    return {
      startedAt: plan.at,
      endedAt,
      urgency: ladder.urgency,
      pages,
      steps,
      refusals,
      status: ladder.status,
      noOneReached: ladder.noOneReached,
      nextAt: nextDue(ladder),
    };
  }
}
