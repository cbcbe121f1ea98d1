import { countsForSeverity, urgencyOf } from '../escalation/policy.ts';
import type { FrozenPolicy, Rung, Target } from '../escalation/policy.ts';
import { severities } from '../severity.ts';
import { minuteMs } from '../time.ts';
import type { Urgency } from './notification-rules.ts';
import { membersOf } from './schedule.ts';
import type { Period, PersonId, Schedule } from './schedule.ts';
import { segments } from './segments.ts';
import { isWithinWorkingHours } from './working-hours.ts';

/** A stretch in which a rung, or (null) the catch-all, reaches nobody with that urgency. */
export interface RungHole extends Period {
  readonly rung: number | null;
  readonly urgency: Urgency;
}

export interface Reach {
  readonly schedules: ReadonlyMap<string, Schedule>;
  /** Schedules that are meant to have gaps: to find nobody on one of them is no hole. */
  readonly meantToHaveGaps: ReadonlySet<string>;
  /** Whether a page of that urgency has any way to the person. */
  readonly isReachable: (personId: PersonId, urgency: Urgency) => boolean;
}

/** Working hours begin and end on quarters of an hour; others are found a few minutes late. */
const hoursStepMs = 15 * minuteMs;

/**
 * When each rung of a policy reaches nobody, for each urgency that can come to it; empty when it always reaches somebody.
 * Low urgency stays with its first people, so only the first rung that takes it is asked about it.
 *
 * Fails with `oncall.zone_unknown`.
 */
export function rungHoles(policy: FrozenPolicy, reach: Reach, { startAt, endAt }: Period): RungHole[] {
  const holes: RungHole[] = [];
  const urgencies = [...new Set(severities.map((severity) => urgencyOf(policy, severity)))];
  for (const urgency of urgencies) {
    const counting = policy.rungs.filter((rung) => takes(policy, rung, urgency));
    for (const rung of urgency === 'low' ? counting.slice(0, 1) : counting) {
      const found = holesOf(policy, rung, urgency, reach, { startAt, endAt });
      holes.push(...found.map((hole) => ({ rung: policy.rungs.indexOf(rung), urgency, ...hole })));
    }
    if (!reach.isReachable(policy.catchAllPersonId, urgency)) holes.push({ rung: null, urgency, startAt, endAt });
  }
  return holes;
}

const takes = (policy: FrozenPolicy, rung: Rung, urgency: Urgency): boolean =>
  severities.some((severity) => urgencyOf(policy, severity) === urgency && countsForSeverity(rung, severity));

function holesOf(policy: FrozenPolicy, rung: Rung, urgency: Urgency, reach: Reach, span: Period): Period[] {
  const asked = rung.targets.map((target) => peopleOn(target, reach, span));
  const hours = rung.conditions?.hours ?? null;
  const edges = new Set([span.startAt, ...asked.flat().map(({ startAt }) => startAt)]);
  if (hours !== null && policy.workingHours !== null)
    for (let at = Math.ceil(span.startAt / hoursStepMs) * hoursStepMs; at < span.endAt; at += hoursStepMs)
      edges.add(at);
  const starts = [...edges].sort((a, b) => a - b);
  const next = asked.map(() => 0);

  const holes: { startAt: number; endAt: number }[] = [];
  for (const [index, startAt] of starts.entries()) {
    const endAt = starts[index + 1] ?? span.endAt;
    const isAsked =
      hours === null ||
      policy.workingHours === null ||
      isWithinWorkingHours(policy.workingHours, startAt) === (hours === 'working');
    if (!isAsked || reachesSomebody(startAt)) continue;
    const last = holes.at(-1);
    if (last?.endAt === startAt) last.endAt = endAt;
    else holes.push({ startAt, endAt });
  }
  return holes;

  function reachesSomebody(at: number): boolean {
    const here = asked.map((stretches, target) => {
      let position = next[target] ?? 0;
      while ((stretches[position + 1]?.startAt ?? Infinity) <= at) position += 1;
      next[target] = position;
      return stretches[position] ?? nobody;
    });
    const people = here.flatMap((stretch) => stretch.people);
    if (people.length === 0) return here.some(({ isMeant }) => isMeant);
    return people.some((personId) => reach.isReachable(personId, urgency));
  }
}

interface Stretch {
  readonly startAt: number;
  readonly people: readonly PersonId[];
  /** True when nobody is on call here by intent. */
  readonly isMeant: boolean;
}

const nobody: Stretch = { startAt: 0, people: [], isMeant: false };

function peopleOn(target: Target, reach: Reach, { startAt, endAt }: Period): Stretch[] {
  if (target.kind === 'person') return [{ startAt, people: [target.personId], isMeant: false }];
  const schedule = reach.schedules.get(target.scheduleId);
  if (schedule === undefined) return [{ ...nobody, startAt }];
  if (target.kind === 'round_robin') return [{ startAt, people: membersOf(schedule), isMeant: false }];
  const isMeant = reach.meantToHaveGaps.has(schedule.id);
  return segments(schedule, startAt, endAt).map((segment) => ({
    startAt: segment.startAt,
    people: segment.people,
    isMeant,
  }));
}
