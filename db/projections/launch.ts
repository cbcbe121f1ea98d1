import { eq, sql } from 'drizzle-orm';
import { isBlocking } from '#domain/launch/catalogue.ts';
import { checkState } from '#domain/launch/check.ts';
import { isClosed, isHeld } from '#domain/launch/launch.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { requirementsOf } from '#domain/launch/requirements.ts';
import { toIso } from '#domain/time.ts';
import type { Transaction } from '../client.ts';
import type { Project } from '../repositories/record.ts';
import { launches, stages } from '../schema/index.ts';
import { insertCheckRun, insertSignOff } from './launch-records.ts';
import { projectWaivers } from './launch-waivers.ts';
import { newest } from './newest.ts';

/**
 * A launch's row, its requirements as they stand, and the records that its transitions leave: check runs, sign-offs,
 * waivers and opened stages.
 */
export const projectLaunch: Project = async (tx, id, transitions) => {
  const last = newest(transitions);
  const launch = last.state as unknown as Launch;
  await tx
    .update(launches)
    .set({
      version: launch.version,
      status: launch.phase,
      tier: launch.tier,
      stagePercent: launch.phase === 'aborted' ? 0 : (launch.stage?.percent ?? 0),
      onHold: isHeld(launch),
      state: launch,
      updatedAt: sql`now()`,
      ...(isClosed(launch) ? { closedAt: sql`coalesce(${launches.closedAt}, now())` } : {}),
    })
    .where(eq(launches.id, id));
  await writeRequirements(tx, launch, last.at);
  for (const transition of transitions) {
    await insertCheckRun(tx, id, transition);
    await insertSignOff(tx, id, transition);
    await projectWaivers(tx, id, transition);
  }
  await insertStages(tx, launch);
};

/** What a requirement is worth changes with time as well: a row tells how it stood when the launch last moved. */
async function writeRequirements(tx: Transaction, launch: Launch, at: number): Promise<void> {
  const { tier } = launch;
  if (tier === null) return;
  const rows = requirementsOf(launch).flatMap((requirement) => {
    const state = launch.requirements[requirement.id];
    if (state === undefined) return [];
    return [
      {
        requirement_id: requirement.id,
        state: checkState(requirement, state, tier, at),
        blocking: isBlocking(requirement, tier),
        owner_role: requirement.owner,
        owner_person_id: launch.people[requirement.owner]?.personId ?? null,
        due_at: state.dueAt === null ? null : toIso(state.dueAt),
      },
    ];
  });
  // An owner who is named but not known stays out of the row: that nobody is there is the finding of a check of its own.
  await tx.execute(sql`
    INSERT INTO launch_requirements AS known (launch_id, requirement_id, state, blocking, owner_role, owner_person_id, due_at)
    SELECT ${launch.id}, line.requirement_id, line.state, line.blocking, line.owner_role, persons.id, line.due_at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS line(
      requirement_id text, state text, blocking boolean, owner_role text, owner_person_id text, due_at timestamptz)
    LEFT JOIN persons ON persons.id = line.owner_person_id
    ON CONFLICT (launch_id, requirement_id) DO UPDATE SET
      state = excluded.state, blocking = excluded.blocking, owner_role = excluded.owner_role,
      owner_person_id = excluded.owner_person_id, due_at = excluded.due_at, updated_at = now()
    WHERE (known.state, known.blocking, known.owner_role, known.owner_person_id, known.due_at)
      IS DISTINCT FROM (excluded.state, excluded.blocking, excluded.owner_role, excluded.owner_person_id, excluded.due_at)`);
  const ids = rows.map((row) => row.requirement_id);
  await tx.execute(
    sql`DELETE FROM launch_requirements WHERE launch_id = ${launch.id} AND NOT requirement_id = ANY(${sql.param(ids)})`,
  );
}

async function insertStages(tx: Transaction, { id, openings }: Launch): Promise<void> {
  if (openings.length === 0) return;
  const opened = openings.map(({ percent, decidedBy, at }) => ({
    launchId: id,
    percent,
    decidedBy,
    openedAt: new Date(at),
  }));
  await tx.insert(stages).values(opened).onConflictDoNothing();
}
