import { freezePolicy, schedulesOf } from '#domain/escalation/policy.ts';
import type { Rung } from '#domain/escalation/policy.ts';
import type { OnCallSnapshot } from '#domain/escalation/simulation.ts';
import { namedPersons } from '#domain/oncall/schedule.ts';
import type { Queryable } from '../client.ts';
import type { EscalationPolicyRow } from './escalation-policies.ts';
import { findReachable, findSchedules, readTurns } from './oncall.ts';

/** All that decides whom a policy pages, as it stands now. People and contact methods that are disabled are not in it. */
export async function readOnCallSnapshot(db: Queryable, policy: EscalationPolicyRow): Promise<OnCallSnapshot> {
  const { rungs, catchAllPersonId } = policy.document;
  const scheduleIds = [...new Set((rungs as readonly Rung[]).flatMap(schedulesOf))];
  const schedules = [...(await findSchedules(db, scheduleIds)).values()];
  const targets = rungs.flatMap(({ targets }) =>
    targets.flatMap((one) => (one.kind === 'person' ? [one.personId] : [])),
  );
  const personIds = new Set([catchAllPersonId, ...targets, ...schedules.flatMap(namedPersons)]);
  return {
    policy: freezePolicy(policy.document, { policyVersionId: policy.versionId, version: policy.version }),
    schedules,
    people: [...(await findReachable(db, [...personIds])).values()],
    turns: Object.fromEntries(await readTurns(db, scheduleIds)),
  };
}
