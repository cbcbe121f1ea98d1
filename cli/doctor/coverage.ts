import type { ApiClient } from '../http.ts';
import { ProblemError } from '../http.ts';
import { when } from '../text.ts';
import { fail, ok, skip } from './check.ts';
import type { Check } from './check.ts';

interface Schedule {
  readonly id: string;
  readonly key: string;
}
interface Period {
  readonly startAt: string;
  readonly endAt: string;
}
interface Policy {
  readonly key: string;
  readonly document: {
    readonly rungs: readonly {
      readonly targets: readonly (
        | { readonly kind: 'person'; readonly personId: string }
        | { readonly kind: string; readonly scheduleId: string }
      )[];
    }[];
    readonly catchAllPersonId: string;
  };
}

export interface Span {
  readonly fromAt: number;
  readonly toAt: number;
}

/**
 * Whether somebody is on call at every moment of a span, and whether each rung, and each catch-all, can reach a person.
 *
 * Looks with the rights of the caller: schedules and policies of teams that they do not see are not looked at, and a
 * caller who may not read how people are reached is told so.
 */
export async function checkCoverage(api: ApiClient, { fromAt, toAt }: Span): Promise<Check[]> {
  const span = { from: new Date(fromAt).toISOString(), to: new Date(toAt).toISOString() };
  const schedules = await api.list<Schedule>('/v1/schedules');
  const gaps = await Promise.all(schedules.map((schedule) => checkGaps(api, schedule, span)));
  const covered =
    schedules.length === 0 ? [fail('on-call', 'there is no schedule', 'Create one: "vigil config apply".')] : gaps;
  return [...covered, ...(await checkReach(api, span))];
}

async function checkGaps(api: ApiClient, { id, key }: Schedule, span: { from: string; to: string }): Promise<Check> {
  const name = `on-call ${key}`;
  const { items } = await api.get<{ items: readonly Period[] }>(`/v1/schedules/${id}/gaps`, span);
  const [first] = items;
  if (!first) return ok(name, `somebody is on call until ${when(span.to)}`);
  const more = items.length === 1 ? '' : `, and ${items.length - 1} more times`;
  return fail(
    name,
    `nobody is on call from ${when(first.startAt)} until ${when(first.endAt)}${more}`,
    'Add a layer or an override.',
  );
}

async function checkReach(api: ApiClient, span: { from: string; to: string }): Promise<Check[]> {
  const policies = await api.list<Policy>('/v1/escalation-policies');
  if (policies.length === 0)
    return [fail('rungs', 'there is no escalation policy', 'Create one: "vigil config apply".')];
  const onSchedule = memoised(async (id: string) => {
    const { items } = await api.get<{ items: readonly { readonly people: readonly string[] }[] }>(
      `/v1/schedules/${id}/segments`,
      span,
    );
    return [...new Set(items.flatMap(({ people }) => people))];
  });
  const isReachable = memoised((personId: string) => canBeReached(api, personId));
  try {
    return (await Promise.all(policies.map((policy) => checkPolicy(policy, onSchedule, isReachable)))).flat();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 403) throw error;
    return [
      skip(
        'rungs',
        'you may not read how others are reached: ask with the token of an administrator or on-call manager of all teams',
      ),
    ];
  }
}

async function checkPolicy(
  { key, document }: Policy,
  onSchedule: (id: string) => Promise<readonly string[]>,
  isReachable: (personId: string) => Promise<boolean>,
): Promise<Check[]> {
  const dead: string[] = [];
  for (const [index, { targets }] of document.rungs.entries()) {
    const people = (
      await Promise.all(
        targets.map((target) =>
          'personId' in target ? Promise.resolve([target.personId]) : onSchedule(target.scheduleId),
        ),
      )
    ).flat();
    if (!(await Promise.all(people.map(isReachable))).includes(true)) dead.push(`rung ${index + 1}`);
  }
  if (!(await isReachable(document.catchAllPersonId))) dead.push('the catch-all');
  const name = `policy ${key}`;
  if (dead.length === 0) return [ok(name, 'each rung and the catch-all can reach somebody')];
  return [
    fail(
      name,
      `${dead.join(' and ')} can reach nobody`,
      'Give the people on it a contact method and a rule for high urgency, or put others on it.',
    ),
  ];
}

/** A person with a rule for high urgency whose contact method is in use. */
async function canBeReached(api: ApiClient, personId: string): Promise<boolean> {
  const [methods, { rules }] = await Promise.all([
    api.get<{ items: readonly { readonly id: string; readonly disabledAt: string | null }[] }>(
      `/v1/persons/${personId}/contact-methods`,
    ),
    api.get<{ rules: readonly { readonly contactMethodId: string }[] }>(
      `/v1/persons/${personId}/notification-rules/high`,
    ),
  ]);
  const inUse = new Set(methods.items.filter(({ disabledAt }) => disabledAt === null).map(({ id }) => id));
  return rules.some(({ contactMethodId }) => inUse.has(contactMethodId));
}

function memoised<T>(ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (id) => {
    const answer = known.get(id) ?? ask(id);
    known.set(id, answer);
    return answer;
  };
}
