import { sql } from 'drizzle-orm';
import type { Maturity } from '#domain/detection/detector.ts';
import { precisionTarget } from '#domain/detection/precision-target.ts';
import type { Severity } from '#domain/severity.ts';
import { wilson } from '#domain/stats/wilson.ts';
import { dayMs } from '#domain/time.ts';
import { shareOf } from './measured.ts';
import type { Probe } from './measured.ts';

/** Labels older than a quarter speak for abuse that may have moved on. */
const windowMs = 90 * dayMs;

/**
 * The share of the product's detectors whose Wilson lower bound of precision meets the target of severity and maturity.
 *
 * A label is a person's decision on a case that the version had a signal in: drills never count, a case counts once for a
 * version, and a new version has no labels. Only detectors whose alerts people see are counted. One that is surely below
 * its target fails the check; one with too few labels to tell leaves it inconclusive.
 */
export const precision: Probe = async ({ db, launch }) => {
  const { rows } = await db.execute<{
    version_id: string;
    maturity: Maturity;
    severity: Severity;
    decided: number;
    violations: number;
  }>(sql`
    SELECT version.id AS version_id, version.maturity, detector.severity, count(judged.case_id)::int AS decided,
      (count(judged.case_id) FILTER (WHERE judged.verdict = 'violation'))::int AS violations
    FROM detectors detector JOIN detector_versions version ON version.detector_id = detector.id
      AND version.retired_at IS NULL AND version.maturity >= 'M3'
    LEFT JOIN LATERAL (
      SELECT DISTINCT ON (subject.id) subject.id AS case_id, decision.verdict
      FROM signals signal JOIN case_signals member ON member.signal_id = signal.id JOIN cases subject ON subject.id = member.case_id
      JOIN decisions decision ON decision.case_id = subject.id AND decision.verdict IN ('violation', 'no_violation')
      WHERE signal.detector_version_id = version.id AND NOT signal.synthetic AND NOT subject.synthetic
        AND subject.decided_at >= now() - make_interval(secs => ${windowMs / 1_000})
      ORDER BY subject.id, decision.decided_at DESC, decision.id DESC) judged ON true
    WHERE detector.product_id = ${launch.productId}
    GROUP BY version.id, version.maturity, detector.severity ORDER BY version.id`);
  const lines = rows.map(({ version_id: versionId, maturity, severity, decided, violations }) => {
    const target = precisionTarget(severity, maturity);
    const interval = wilson(violations, decided);
    const low = interval?.low ?? 0;
    const isBelow = interval !== null && interval.high < target;
    return {
      versionId,
      maturity,
      severity,
      decided,
      violations,
      low,
      target,
      meets: interval !== null && low >= target,
      isBelow,
    };
  });
  const population = lines.reduce((sum, { decided }) => sum + decided, 0);
  const isUnsure = lines.some(({ meets, isBelow }) => !meets && !isBelow);
  return {
    observed: shareOf(lines.map(({ meets }) => meets)),
    population,
    windowMs,
    ...(lines.some(({ isBelow }) => isBelow) ? { verdict: 'fail' } : isUnsure ? { verdict: 'inconclusive' } : {}),
    facts: { lines },
  };
};
