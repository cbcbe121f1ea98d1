import { dutiesByTier } from '#domain/launch/duties.ts';
import { unknown } from '#domain/launch/intake-fields.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { segments } from '#domain/oncall/segments.ts';
import type { Segment } from '#domain/oncall/segments.ts';
import type { Rung } from '#domain/escalation/policy.ts';
import type { Tier } from '#domain/launch/tier.ts';
import { databaseNow } from '#db/now.ts';
import { pagerOf, reachableAmong } from './pager.ts';
import type { Pager } from './pager.ts';
import type { Probe } from './measured.ts';

/**
 * How long, from the launch to the end of its watch, one of the first two rungs of the product's policy has nobody whom a
 * page would reach. The population counts shifts. Fails whatever the number when there is no second rung, or when the
 * person who takes what nobody acknowledged cannot be reached.
 */
export const rotaFilled: Probe = async ({ db, launch, tier }) => {
  const pager = await pagerOf(db, launch.productId);
  if (pager === null) return { observed: null, population: 0, windowMs: 0, facts: {} };
  const { policy } = pager;
  const period = periodOf(launch, tier, await databaseNow(db));
  const watched = policy.rungs.slice(0, 2).map((rung) => shiftsOf(rung, pager, period));
  const everyone = watched.flat().flatMap(({ people }) => people);
  const reachable = await reachableAmong(db, [...everyone, policy.catchAllPersonId]);
  const gapsMs = watched.map((shifts) => gapOf(shifts, reachable, period));
  const endsAtPerson = reachable.has(policy.catchAllPersonId);
  const isWhole = policy.rungs.length >= 2 && endsAtPerson;
  return {
    observed: Math.max(0, ...gapsMs),
    population: watched.flat().filter(({ people }) => people.length > 0).length,
    windowMs: period.toAt - period.fromAt,
    ...(isWhole ? {} : { verdict: 'fail' }),
    facts: { policyVersionId: policy.policyVersionId, ...period, rungs: policy.rungs.length, gapsMs, endsAtPerson },
  };
};

interface Period {
  readonly fromAt: number;
  readonly toAt: number;
}

type Shift = Pick<Segment, 'startAt' | 'endAt' | 'people'>;

/** From the planned first stage, or now once that has passed, to the end of the watch, whatever is still to be soaked. */
function periodOf({ intake, stage }: Launch, tier: Tier, now: number): Period {
  const { soakMs } = dutiesByTier[tier];
  const planned = intake === null ? unknown : intake.dates.onePercentAt;
  const fullAt = intake === null ? unknown : intake.dates.fullAt;
  const fromAt = stage !== null || planned === unknown ? now : Math.max(now, planned);
  const soaked = fromAt + soakMs[1] + soakMs[10] + soakMs[50];
  return { fromAt, toAt: Math.max(soaked, fullAt === unknown ? 0 : fullAt) + soakMs[100] };
}

function shiftsOf({ targets }: Rung, { schedules }: Pager, { fromAt, toAt }: Period): Shift[] {
  return targets.flatMap((target): Shift[] => {
    if (target.kind === 'person') return [{ startAt: fromAt, endAt: toAt, people: [target.personId] }];
    const schedule = schedules.get(target.scheduleId);
    if (schedule === undefined) return [];
    if (target.kind === 'schedule') return segments(schedule, fromAt, toAt);
    // A round robin pages one member after the other, whoever is on call.
    const members = schedule.layers.flatMap(({ participants }) => participants.filter((person) => person !== null));
    return [{ startAt: fromAt, endAt: toAt, people: [...new Set(members)] }];
  });
}

/** The time that no shift with a reachable person covers. */
function gapOf(shifts: readonly Shift[], reachable: ReadonlySet<string>, { fromAt, toAt }: Period): number {
  const filled = shifts
    .filter(({ people }) => people.some((personId) => reachable.has(personId)))
    .toSorted((a, b) => a.startAt - b.startAt);
  let gapMs = 0;
  let coveredTo = fromAt;
  for (const { startAt, endAt } of filled) {
    gapMs += Math.max(0, startAt - coveredTo);
    coveredTo = Math.max(coveredTo, endAt);
  }
  return gapMs + Math.max(0, toAt - coveredTo);
}
