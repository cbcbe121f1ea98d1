import { sql } from 'drizzle-orm';
import { dayMs } from '#domain/time.ts';
import { gapAfterMs } from '#db/repositories/detectors.ts';
import type { Measured, ProbeInput } from './measured.ts';

const windowMaxMs = 7 * dayMs;

/**
 * How many of the product's running detector versions were blind for more than two sweeps within seven days, are so now,
 * or failed in their last sweep. The window is no longer than the youngest of the detectors has existed.
 *
 * The alarm of a detector that keeps failing is built in; alarms for silence and volume are not looked at.
 */
export async function detectorHealth({ db, launch }: ProbeInput, sweepEveryMs: number): Promise<Measured> {
  const gapMs = gapAfterMs(sweepEveryMs);
  const { rows } = await db.execute<{
    version_id: string;
    last_status: string | null;
    blind_ms: number;
    gaps: number;
    known_ms: number;
  }>(sql`
    SELECT version.id AS version_id, sweep.last_status,
      (extract(epoch FROM now() - coalesce(sweep.last_seen_at, version.created_at)) * 1000)::float8 AS blind_ms,
      (SELECT count(*)::int FROM detector_gaps gap WHERE gap.detector_version_id = version.id
        AND gap.until_at >= now() - make_interval(secs => ${windowMaxMs / 1_000})
        AND gap.until_at - gap.from_at > make_interval(secs => ${gapMs / 1_000})) AS gaps,
      (extract(epoch FROM now() - detector.created_at) * 1000)::float8 AS known_ms
    FROM detectors detector
    JOIN detector_versions version ON version.detector_id = detector.id AND version.retired_at IS NULL AND version.maturity >= 'M2'
    LEFT JOIN detector_cursors sweep ON sweep.detector_version_id = version.id
    WHERE detector.product_id = ${launch.productId} ORDER BY version.id`);
  const lines = rows.map((row) => ({
    versionId: row.version_id,
    lastStatus: row.last_status,
    gaps: row.gaps,
    isBlind: row.blind_ms > gapMs,
    isWell: row.gaps === 0 && row.blind_ms <= gapMs && row.last_status !== null && row.last_status !== 'failed',
  }));
  const windowMs = rows.length === 0 ? 0 : Math.round(Math.min(windowMaxMs, ...rows.map((row) => row.known_ms)));
  return {
    observed: lines.length === 0 ? null : lines.filter(({ isWell }) => !isWell).length,
    population: lines.length,
    windowMs,
    facts: { gapMs, lines },
  };
}
