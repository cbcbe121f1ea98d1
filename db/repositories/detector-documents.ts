import { and, desc, eq, isNull, max, sql } from 'drizzle-orm';
import type { DetectorDefinition } from '#domain/detection/definition.ts';
import type { DetectorKind, Maturity } from '#domain/detection/detector.ts';
import type { Json } from '#domain/json.ts';
import type { Severity } from '#domain/severity.ts';
import { canonicalHash } from '../audit-chain.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { detectorCursors, detectors, detectorVersions } from '../schema/index.ts';
import { newestFirst, ofTeams } from './listing.ts';
import type { Page } from './listing.ts';

export type DetectorRow = typeof detectors.$inferSelect;
export type DetectorVersionRow = Omit<typeof detectorVersions.$inferSelect, 'definition' | 'maturity'> & {
  definition: DetectorDefinition;
  maturity: Maturity;
};

export interface NewDetector {
  readonly productId: string;
  readonly teamId: string;
  readonly key: string;
  readonly kind: DetectorKind;
  readonly harm: string;
  readonly severity: Severity;
  readonly title: string;
  readonly ownerId: string;
}

/** Null when the product has a detector of that key. */
export async function insertDetector(db: Queryable, detector: NewDetector): Promise<DetectorRow | null> {
  const [row] = await db
    .insert(detectors)
    .values({ id: newId('detector'), ...detector })
    .onConflictDoNothing({ target: [detectors.productId, detectors.key] })
    .returning();
  return row ?? null;
}

export async function findDetector(db: Queryable, id: string): Promise<DetectorRow | null> {
  const [row] = await db.select().from(detectors).where(eq(detectors.id, id));
  return row ?? null;
}

export async function listDetectors(
  db: Queryable,
  teams: readonly string[] | null,
  page: Page,
): Promise<DetectorRow[]> {
  const { where, orderBy, limit } = newestFirst(detectors.createdAt, detectors.id, page);
  return db
    .select()
    .from(detectors)
    .where(and(where, ofTeams(detectors.teamId, teams)))
    .orderBy(...orderBy)
    .limit(limit);
}

export interface NewDetectorVersion {
  readonly detectorId: string;
  readonly definition: DetectorDefinition;
  readonly maturity: Maturity;
  readonly threshold: number;
  readonly createdBy: string;
}

/** Adds the next version. It stands beside the ones before, which go on until they are retired. */
export async function insertDetectorVersion(tx: Transaction, version: NewDetectorVersion): Promise<DetectorVersionRow> {
  // The detector's row lock gives versions numbers without a hole.
  await tx.select({ id: detectors.id }).from(detectors).where(eq(detectors.id, version.detectorId)).for('update');
  const [before] = await tx
    .select({ number: max(detectorVersions.number) })
    .from(detectorVersions)
    .where(eq(detectorVersions.detectorId, version.detectorId));
  const sha256 = canonicalHash(version.definition as unknown as Json);
  const [row] = await tx
    .insert(detectorVersions)
    .values({ id: newId('detectorVersion'), number: (before?.number ?? 0) + 1, sha256, ...version })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row as DetectorVersionRow;
}

export async function findVersion(
  db: Queryable,
  id: string,
): Promise<{ version: DetectorVersionRow; detector: DetectorRow } | null> {
  const [row] = await db
    .select({ version: detectorVersions, detector: detectors })
    .from(detectorVersions)
    .innerJoin(detectors, eq(detectors.id, detectorVersions.detectorId))
    .where(eq(detectorVersions.id, id));
  return row ? { version: row.version as DetectorVersionRow, detector: row.detector } : null;
}

/** Newest first. */
export async function listDetectorVersions(db: Queryable, detectorId: string): Promise<DetectorVersionRow[]> {
  const rows = await db
    .select()
    .from(detectorVersions)
    .where(eq(detectorVersions.detectorId, detectorId))
    .orderBy(desc(detectorVersions.number))
    .limit(200);
  return rows as DetectorVersionRow[];
}

/** It sweeps no more. False when it was retired already. */
export async function retireVersion(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(detectorVersions)
    .set({ retiredAt: sql`now()` })
    .where(and(eq(detectorVersions.id, id), isNull(detectorVersions.retiredAt)));
  return (rowCount ?? 0) > 0;
}

/** How its sweeps went; null before the first. */
export async function findSweepState(db: Queryable, versionId: string) {
  const [row] = await db
    .select({
      lastRunAt: detectorCursors.lastRunAt,
      lastStatus: detectorCursors.lastStatus,
      lastErrorCode: detectorCursors.lastErrorCode,
      runs: detectorCursors.runs,
      failures: detectorCursors.failures,
    })
    .from(detectorCursors)
    .where(eq(detectorCursors.detectorVersionId, versionId));
  return row ?? null;
}

/** What a person decided that the version's findings may do. Null when it is retired. */
export async function setMaturity(tx: Transaction, id: string, to: Maturity): Promise<DetectorVersionRow | null> {
  const [row] = await tx
    .update(detectorVersions)
    .set({ maturity: to })
    .where(and(eq(detectorVersions.id, id), isNull(detectorVersions.retiredAt)))
    .returning();
  return (row as DetectorVersionRow | undefined) ?? null;
}
