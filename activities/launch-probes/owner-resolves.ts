import { unknown } from '#domain/launch/intake-fields.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import { onCallAt } from '#domain/oncall/segments.ts';
import type { Role } from '#domain/actor.ts';
import type { Database } from '#db/client.ts';
import { databaseNow } from '#db/now.ts';
import { countHolders, standingOf } from './people.ts';
import type { PersonStanding } from './people.ts';
import { pagerOf, reachableAmong } from './pager.ts';
import type { Pager } from './pager.ts';
import { shareOf } from './measured.ts';
import type { Probe } from './measured.ts';

const anyLaunchRole: readonly Role[] = launchRoles;

/**
 * Owner, deputy, team and pager target of the intake: how many of the four lead to people who are there.
 *
 * The owner holds the role of a launch owner and the deputy one of a launch, both with a way to be reached; the team has
 * somebody; the pager target is the service that the product really pages, and reaches somebody at this moment.
 */
export const ownerResolves: Probe = async ({ db, launch }) => {
  const { intake, teamId } = launch;
  if (intake === null) return { observed: null, population: 0, windowMs: 0, facts: {} };
  const { ownerPersonId, deputyPersonId, teamId: namedTeamId, pagerServiceId } = intake.ownership;
  const people = await standingOf(db, [ownerPersonId, deputyPersonId], teamId);
  const pager = await pagerOf(db, launch.productId);
  const parts = {
    owner: isThere(people.get(ownerPersonId), ['launch_owner']),
    deputy: isThere(people.get(deputyPersonId), anyLaunchRole),
    team: namedTeamId !== unknown && namedTeamId === teamId && (await countHolders(db, namedTeamId, anyLaunchRole)) > 0,
    pager: pager !== null && pager.serviceId === pagerServiceId && (await reachesSomebody(db, pager)),
  };
  const named = { ownerPersonId, deputyPersonId, teamId: namedTeamId, pagerServiceId };
  const facts = { named, teamId, pagedServiceId: pager?.serviceId ?? null, parts };
  return { observed: shareOf(Object.values(parts)), population: Object.keys(parts).length, windowMs: 0, facts };
};

const isThere = (person: PersonStanding | undefined, wanted: readonly Role[]): boolean =>
  person !== undefined &&
  person.isActive &&
  person.contactMethods > 0 &&
  person.roles.some((role) => wanted.includes(role));

async function reachesSomebody(db: Database, { policy, schedules }: Pager): Promise<boolean> {
  const now = await databaseNow(db);
  const paged = policy.rungs.flatMap(({ targets }) =>
    targets.flatMap((target) => {
      if (target.kind === 'person') return [target.personId];
      const schedule = schedules.get(target.scheduleId);
      return schedule === undefined ? [] : onCallAt(schedule, now).onCall;
    }),
  );
  return (await reachableAmong(db, paged)).size > 0;
}
