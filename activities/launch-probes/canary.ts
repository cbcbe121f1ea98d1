import { sql } from 'drizzle-orm';
import { dutiesByTier } from '#domain/launch/duties.ts';
import { isWithinWorkingHours } from '#domain/oncall/working-hours.ts';
import { dayMs, minuteMs } from '#domain/time.ts';
import { pagerOf } from './pager.ts';
import type { Probe } from './measured.ts';

const inARow = 3;
/** Runs looked at, newest first. */
const runsMax = 50;

/**
 * The slowest of the last canaries in a row, from the event to a person's acknowledgement; one of them, if need be an
 * older one, out of the policy's working hours. A policy without working hours is on call alike at all hours.
 *
 * A missed run among the last three fails. Runs older than a week, or than four of the tier's cadences, say nothing; when
 * the newest is older than two cadences, nobody knows whether the path still works.
 */
export const canary: Probe = async ({ db, launch, tier }) => {
  const { canaryCadenceMs } = dutiesByTier[tier];
  const windowMs = Math.max(7 * dayMs, 4 * canaryCadenceMs);
  const { rows } = await db.execute<{
    id: string;
    passed: boolean;
    minutes: number;
    opened_at_ms: number;
    age_ms: number;
  }>(sql`
    SELECT id, (state ->> 'passed')::boolean AS passed, (state ->> 'minutes')::float8 AS minutes,
      (extract(epoch FROM opened_at) * 1000)::float8 AS opened_at_ms, (extract(epoch FROM now() - opened_at) * 1000)::float8 AS age_ms
    FROM canary_runs
    WHERE launch_id = ${launch.id} AND state ->> 'passed' IS NOT NULL
      AND opened_at >= now() - make_interval(secs => ${windowMs / 1_000})
    ORDER BY opened_at DESC, id DESC LIMIT ${runsMax}`);
  const hours = (await pagerOf(db, launch.productId))?.policy.workingHours ?? null;
  const runs = rows.map((row) => ({
    canaryId: row.id,
    passed: row.passed,
    ms: Math.round(row.minutes * minuteMs),
    openedAt: Math.round(row.opened_at_ms),
    outOfHours: hours === null || !isWithinWorkingHours(hours, Math.round(row.opened_at_ms)),
  }));
  const missed = runs.findIndex(({ passed }) => !passed);
  const streak = missed < 0 ? runs : runs.slice(0, missed);
  const newest = runs.slice(0, inARow);
  const outOfHours = streak.find((run) => run.outOfHours);
  const counted = outOfHours === undefined || newest.includes(outOfHours) ? newest : [...newest, outOfHours];
  const isDead = (rows[0]?.age_ms ?? 0) > 2 * canaryCadenceMs;
  const hasMissed = newest.some(({ passed }) => !passed);
  return {
    observed: counted.length === 0 ? null : Math.max(...counted.map(({ ms }) => ms)),
    population: counted.length,
    windowMs,
    ...(hasMissed ? { verdict: 'fail' } : isDead || outOfHours === undefined ? { verdict: 'inconclusive' } : {}),
    facts: { canaryCadenceMs, isDead, runs: counted },
  };
};
