import type { ReachablePerson } from '../oncall/notification-rules.ts';
import { memberOfTurn, membersOf } from '../oncall/schedule.ts';
import type { Schedule } from '../oncall/schedule.ts';
import type { Severity } from '../severity.ts';
import type { Happening } from './happening.ts';
import { defaultThrottle } from './ladder-parts.ts';
import type { PageReason, PersonSource, Position } from './ladder-parts.ts';
import type { LadderInput, LadderStatus } from './ladder.ts';
import type { Answered, Of, ResolvePeople, ResolveRung } from './messages.ts';
import type { FrozenPolicy, Urgency, WorkingHours } from './policy.ts';
import { answerPeople, answerRung, whoIsOnRung } from './responders.ts';

/** All that decides who is paged, as it stands at one moment. Plain JSON, without addresses. */
export interface OnCallSnapshot {
  readonly policy: FrozenPolicy;
  readonly schedules: readonly Schedule[];
  readonly people: readonly ReachablePerson[];
  /** How many turns each round robin has had. */
  readonly turns: { readonly [scheduleId: string]: number };
}

/** What happens to the simulated alert. */
export interface SimulationPlan {
  readonly at: number;
  /** How long to look on; what falls due exactly then is still seen. */
  readonly forMs: number;
  readonly severity: Severity;
  readonly acknowledgements: readonly { readonly personId: string; readonly afterMs: number }[];
  /**
   * Null: nobody acknowledges but for `acknowledgements`. Otherwise everybody who is paged does so a minute after their
   * first page of a walk, unless somebody else was faster; but not those who are named here.
   */
  readonly silentIds: readonly string[] | null;
}

export interface SimulatedPage extends Position {
  readonly at: number;
  readonly key: string;
  readonly walk: number;
  readonly personId: string;
  readonly ruleId: string;
  /** What the rule itself says; throttle, quiet hours and failed channels may move it. */
  readonly ruleDelayMinutes: number | null;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly reason: PageReason;
  readonly source: PersonSource;
  readonly shadow: boolean;
  readonly bundled: number;
}

export interface SimulatedRefusal {
  readonly at: number;
  readonly personId: string;
  readonly code: string;
}

export interface Simulation {
  readonly startedAt: number;
  /** Up to where it was looked at; before the end of the plan when too much happened on the way. */
  readonly endedAt: number;
  readonly urgency: Urgency;
  /** In the order in which they would leave. */
  readonly pages: readonly SimulatedPage[];
  /** Everything that the ladder did, pages included. */
  readonly steps: readonly { readonly at: number; readonly fact: Happening }[];
  readonly refusals: readonly SimulatedRefusal[];
  readonly status: LadderStatus;
  readonly noOneReached: boolean;
  /** When something would next happen by itself; null: nothing would. */
  readonly nextAt: number | null;
}

/** What a simulated escalation opens with. It belongs to no service: maintenance is none of a policy's. */
export const simulatedOpening = (
  { policy }: OnCallSnapshot,
  plan: SimulationPlan,
  escalationId: string,
): LadderInput => ({
  escalationId,
  serviceId: escalationId,
  teamId: null,
  severity: plan.severity,
  firingCount: 1,
  alertEventId: escalationId,
  policy,
  previousEscalationId: null,
  drill: null,
  sensitive: false,
  throttle: defaultThrottle,
  maintenance: [],
  holdLowUntilAt: null,
});

export interface SnapshotAnswers {
  resolveRung(effect: ResolveRung, hours: WorkingHours | null, at: number): Of<Answered, 'rungResolved'>;
  resolvePeople(effect: ResolvePeople, at: number): Of<Answered, 'peopleResolved'>;
}

/** Answers the ladder's questions out of a snapshot, as the activities do out of the tables. Turns its own round robins. */
export function snapshotAnswers(snapshot: OnCallSnapshot): SnapshotAnswers {
  const schedules = new Map(snapshot.schedules.map((schedule) => [schedule.id, schedule]));
  const people = new Map(snapshot.people.map((person) => [person.personId, person]));
  const had = new Map(Object.entries(snapshot.turns));
  const takeTurns = ({ purpose, targets }: ResolveRung): ReadonlyMap<string, string> => {
    const turns = new Map<string, string>();
    for (const target of purpose === 'rung' ? targets : []) {
      const schedule = target.kind === 'round_robin' ? schedules.get(target.scheduleId) : undefined;
      if (!schedule) continue;
      const turn = (had.get(schedule.id) ?? 0) + 1;
      had.set(schedule.id, turn);
      const personId = memberOfTurn(membersOf(schedule), turn);
      if (personId) turns.set(schedule.id, personId);
    }
    return turns;
  };
  return {
    resolveRung: (effect, hours, at) =>
      answerRung(effect, whoIsOnRung(effect.targets, schedules, takeTurns(effect), at), people, hours, at),
    resolvePeople: (effect, at) => answerPeople(effect, people, at),
  };
}
