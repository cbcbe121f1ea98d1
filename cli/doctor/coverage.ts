import type { ApiClient } from '../http.ts';
import { namesOf } from '../names.ts';
import { when } from '../text.ts';
import { fail, ok } from './check.ts';
import type { Check } from './check.ts';

interface Period {
  readonly startAt: string;
  readonly endAt: string;
}
interface Hole extends Period {
  readonly rung: number | null;
  readonly urgency: string;
}
interface Checks {
  readonly until: string;
  readonly schedules: readonly { readonly key: string; readonly gapCheck: boolean; readonly gaps: readonly Period[] }[];
  readonly policies: readonly { readonly key: string; readonly holes: readonly Hole[] }[];
  readonly unprovenPeople: readonly { readonly id: string; readonly contactMethods: number }[];
}

/**
 * Whether somebody is on call at every moment of the days to come, and whether each rung, and each catch-all, can reach a
 * person. Looks at what the caller sees: schedules and policies of their teams.
 */
export async function checkCoverage(api: ApiClient, days: number): Promise<Check[]> {
  const { until, schedules, policies, unprovenPeople } = await api.get<Checks>('/v1/on-call-checks', { days });
  const nameOf = await namesOf(
    api,
    unprovenPeople.map(({ id }) => id),
  );
  const create = 'Create one: "vigil config apply".';
  return [
    ...(schedules.length === 0 ? [withoutSchedule(policies.length > 0, create)] : []),
    ...schedules.map((schedule) => gapsOf(schedule, until)),
    ...(policies.length === 0 ? [fail('rungs', 'there is no escalation policy', create)] : []),
    ...policies.map(holesOf),
    ...unprovenPeople.map(({ id, contactMethods }) =>
      fail(
        `person ${nameOf(id)}`,
        `none of ${contactMethods} contact methods is verified, so no page reaches them`,
        'Let them run "vigil contact verify" and type the code back.',
      ),
    ),
  ];
}

/** Policies may name people alone; whether those can be reached is said of each policy. */
const withoutSchedule = (hasPolicies: boolean, create: string): Check =>
  hasPolicies
    ? ok('on-call', 'there is no schedule: the policies name people')
    : fail('on-call', 'there is no schedule', create);

function gapsOf({ key, gapCheck, gaps }: Checks['schedules'][number], until: string): Check {
  const name = `on-call ${key}`;
  const [first] = gaps;
  if (!gapCheck) return ok(name, 'it is meant to have gaps');
  if (!first) return ok(name, `somebody is on call until ${when(until)}`);
  const detail = `nobody is on call ${during(first)}${moreOf(gaps)}`;
  return fail(name, detail, 'Add a layer or an override.');
}

function holesOf({ key, holes }: Checks['policies'][number]): Check {
  const name = `policy ${key}`;
  const places = new Map<string, Hole[]>();
  for (const hole of holes) {
    const place = `${hole.rung === null ? 'the catch-all' : `rung ${hole.rung + 1}`} can reach nobody with ${hole.urgency} urgency`;
    places.set(place, [...(places.get(place) ?? []), hole]);
  }
  if (places.size === 0) return ok(name, 'each rung and the catch-all can always reach somebody');
  const detail = [...places].map(([place, found]) => `${place} ${during(found[0])}${moreOf(found)}`).join('; ');
  return fail(name, detail, 'Give the people on it a contact method and a rule for that urgency, or put others on it.');
}

const during = (period: Period | undefined): string =>
  period === undefined ? '' : `from ${when(period.startAt)} until ${when(period.endAt)}`;

const moreOf = (all: readonly unknown[]): string => (all.length === 1 ? '' : `, and ${all.length - 1} more times`);
