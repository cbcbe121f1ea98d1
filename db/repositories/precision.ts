import { sql } from 'drizzle-orm';
import { wilson } from '#domain/stats/wilson.ts';
import type { Interval } from '#domain/stats/wilson.ts';
import type { Queryable } from '../client.ts';

export interface MeasuredPrecision {
  readonly detectorVersionId: string;
  readonly decided: number;
  readonly violations: number;
  readonly observed: number | null;
  readonly interval: Interval | null;
}

/**
 * The precision of a detector version: violations among its signals whose case people have decided, with the Wilson 95 %
 * interval. Drills do not count. Null where nothing is decided yet.
 */
export async function precisionOf(db: Queryable, detectorVersionId: string): Promise<MeasuredPrecision> {
  const { rows } = await db.execute<{ decided: string; violations: string }>(sql`
    SELECT count(*) AS decided, count(*) FILTER (WHERE cases.state->'decision'->>'verdict' = 'violation') AS violations
    FROM signals
    JOIN case_signals ON case_signals.signal_id = signals.id
    JOIN cases ON cases.id = case_signals.case_id
    WHERE signals.detector_version_id = ${detectorVersionId} AND NOT signals.synthetic AND NOT cases.synthetic
      AND cases.state->'decision'->>'verdict' IN ('violation', 'no_violation')`);
  const decided = Number(rows[0]?.decided ?? 0);
  const violations = Number(rows[0]?.violations ?? 0);
  return {
    detectorVersionId,
    decided,
    violations,
    observed: decided === 0 ? null : violations / decided,
    interval: wilson(violations, decided),
  };
}
