import { sql } from 'drizzle-orm';
import { dutiesByTier } from '#domain/launch/duties.ts';
import type { StageProbe } from './stage-window.ts';

/** The share of the stage's canaries that passed. Fails whatever the share when none came for two of the tier's cadences. */
export const canarySuccess: StageProbe = async ({ db, launch, tier, from, to }) => {
  const { canaryCadenceMs } = dutiesByTier[tier];
  const { rows } = await db.execute<{ runs: number; passed: number; silence_ms: number | null }>(sql`
    SELECT count(*)::int AS runs, (count(*) FILTER (WHERE (state ->> 'passed')::boolean))::int AS passed,
      (extract(epoch FROM ${to.toISOString()}::timestamptz - max(opened_at)) * 1000)::float8 AS silence_ms
    FROM canary_runs
    WHERE launch_id = ${launch.id} AND state ->> 'passed' IS NOT NULL
      AND opened_at >= ${from.toISOString()}::timestamptz AND opened_at < ${to.toISOString()}::timestamptz`);
  const { runs = 0, passed = 0, silence_ms: silenceMs = null } = rows[0] ?? {};
  const isDead = silenceMs !== null && silenceMs > 2 * canaryCadenceMs;
  return {
    observed: runs === 0 ? null : passed / runs,
    population: runs,
    ...(isDead ? { verdict: 'fail' } : {}),
    facts: { runs, passed, silenceMs, canaryCadenceMs },
  };
};
