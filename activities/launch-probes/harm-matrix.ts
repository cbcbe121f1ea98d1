import { sql } from 'drizzle-orm';
import { maturities } from '#domain/detection/detector.ts';
import type { Maturity } from '#domain/detection/detector.ts';
import { harms } from '#domain/harms.ts';
import { inScopeHarms } from '#domain/launch/capabilities.ts';
import { requiredLevel } from '#domain/launch/duties.ts';
import { shareOf } from './measured.ts';
import type { Probe } from './measured.ts';

/** Harms of severity 3 have no level of their own: what covers them must at least run on live traffic. */
const runs: Maturity = 'M2';

/**
 * How many of the harms of severity 1 to 3 in scope have a detector of the product at the level that the tier asks for
 * before the next stage. Says nothing of clusters of accounts: a detector does not declare what it looks at.
 */
export const harmMatrix: Probe = async ({ db, launch, tier, percent }) => {
  const scope = launch.intake === null ? [] : inScopeHarms(launch.intake).filter((harm) => harms[harm].severity <= 3);
  const { rows } = await db.execute<{ harm: string; version_id: string; maturity: Maturity }>(sql`
    SELECT DISTINCT ON (detector.harm) detector.harm, version.id AS version_id, version.maturity
    FROM detectors detector JOIN detector_versions version ON version.detector_id = detector.id AND version.retired_at IS NULL
    WHERE detector.product_id = ${launch.productId} AND detector.harm = ANY(${sql.param([...scope])})
    ORDER BY detector.harm, version.maturity DESC, version.created_at DESC`);
  const best = new Map(rows.map((row) => [row.harm, row]));
  const lines = scope.map((harm) => {
    const required = requiredLevel(tier, harms[harm].severity, percent) ?? runs;
    const found = best.get(harm);
    const isCovered = found !== undefined && maturities.indexOf(found.maturity) >= maturities.indexOf(required);
    return { harm, required, best: found?.maturity ?? null, versionId: found?.version_id ?? null, isCovered };
  });
  const observed = shareOf(lines.map(({ isCovered }) => isCovered));
  return { observed, population: lines.length, windowMs: 0, facts: { tier, percent, lines } };
};
