import { and, eq, isNull, sql } from 'drizzle-orm';
import type { DetectorDefinition } from '#domain/detection/definition.ts';
import type { DetectorKind, Maturity } from '#domain/detection/detector.ts';
import type { Severity } from '#domain/severity.ts';
import { minuteMs } from '#domain/time.ts';
import type { Database, Transaction } from '../client.ts';
import { canaryRuns, detectorCursors, detectors, detectorVersions, products } from '../schema/index.ts';
import { acceptResolve, acceptTrigger } from './alerts.ts';
import type { EventCursor } from './product-events.ts';

export interface LiveDetector {
  readonly versionId: string;
  readonly kind: DetectorKind;
  readonly title: string;
  readonly productId: string;
  readonly teamId: string;
  readonly serviceId: string;
  readonly harm: string;
  readonly severity: Severity;
  readonly maturity: Maturity;
  /** From which score on a finding counts. */
  readonly threshold: number;
  readonly definition: DetectorDefinition;
  readonly createdAt: Date;
}

const fields = {
  versionId: detectorVersions.id,
  kind: detectors.kind,
  title: detectors.title,
  productId: detectors.productId,
  teamId: detectors.teamId,
  serviceId: products.serviceId,
  harm: detectors.harm,
  severity: detectors.severity,
  maturity: detectorVersions.maturity,
  threshold: detectorVersions.threshold,
  definition: detectorVersions.definition,
  createdAt: detectorVersions.createdAt,
};

export async function findDetectorVersion(db: Database | Transaction, versionId: string): Promise<LiveDetector | null> {
  const [row] = await db
    .select(fields)
    .from(detectorVersions)
    .innerJoin(detectors, eq(detectors.id, detectorVersions.detectorId))
    .innerJoin(products, eq(products.id, detectors.productId))
    .where(eq(detectorVersions.id, versionId));
  return (row as LiveDetector | undefined) ?? null;
}

/** The detector versions that run on live traffic: not retired, M2 and up. Each has a schedule of its own. */
export async function listRunningDetectors(db: Database): Promise<{ versionId: string }[]> {
  return db
    .select({ versionId: detectorVersions.id })
    .from(detectorVersions)
    .where(and(isNull(detectorVersions.retiredAt), sql`${detectorVersions.maturity} >= 'M2'`));
}

export interface Cursor extends EventCursor {
  readonly windowEnd: Date | null;
}

export async function readCursor(db: Database, versionId: string): Promise<Cursor> {
  await db.insert(detectorCursors).values({ detectorVersionId: versionId }).onConflictDoNothing();
  const [row] = await db.select().from(detectorCursors).where(eq(detectorCursors.detectorVersionId, versionId));
  if (!row) throw new Error(`detector version ${versionId} has no cursor`);
  return { transactionId: row.transactionId, seq: row.seq, windowEnd: row.windowEnd };
}

/**
 * Moves a cursor on, if nobody else has: a sweep that was thought dead may still be at work. False: read it again.
 */
export async function moveCursor(tx: Transaction, versionId: string, from: Cursor, to: Cursor): Promise<boolean> {
  const moved = await tx.execute(sql`
    UPDATE detector_cursors SET transaction_id = ${to.transactionId}::xid8, seq = ${to.seq}, window_end = ${to.windowEnd?.toISOString() ?? null}
    WHERE detector_version_id = ${versionId} AND transaction_id = ${from.transactionId}::xid8 AND seq = ${from.seq}
      AND window_end IS NOT DISTINCT FROM ${from.windowEnd?.toISOString() ?? null}::timestamptz`);
  return moved.rowCount === 1;
}

export type SweepStatus = 'ok' | 'degraded' | 'failed';

/**
 * So many failed sweeps in a row wake someone: a detector that does not run sees nothing. As many more do so again, should
 * a person have closed the escalation meanwhile.
 */
export const failuresBeforeAlarm = 5;

/** The longest that one sweep may take; its activity ends it then. */
export const longestSweepMs = 2 * minuteMs;

/** How long a detector may see nothing before that is a gap: two sweeps were missed, and one may have been long. */
export const gapAfterMs = (sweepEveryMs: number): number => 2 * sweepEveryMs + longestSweepMs;

/**
 * Notes how a sweep ended, and the gap that it ended. Failing again and again opens an escalation; the first success after
 * that resolves it.
 */
export async function noteSweep(
  db: Database,
  detector: LiveDetector,
  status: SweepStatus,
  errorCode: string | null,
  sweepEveryMs: number,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (status !== 'failed') {
      await tx.execute(sql`
        INSERT INTO detector_gaps (detector_version_id, from_at, until_at)
        SELECT detector_version_id, last_seen_at, now() FROM detector_cursors
        WHERE detector_version_id = ${detector.versionId}
          AND last_seen_at < now() - make_interval(secs => ${gapAfterMs(sweepEveryMs) / 1_000})
        ON CONFLICT DO NOTHING`);
    }
    // A sweep that failed before it read its cursor is one that failed all the same.
    await tx.insert(detectorCursors).values({ detectorVersionId: detector.versionId }).onConflictDoNothing();
    const [row] = await tx
      .update(detectorCursors)
      .set({
        lastRunAt: sql`now()`,
        ...(status === 'failed' ? {} : { lastSeenAt: sql`now()` }),
        lastStatus: status,
        lastErrorCode: errorCode,
        runs: sql`${detectorCursors.runs} + 1`,
        failures: status === 'failed' ? sql`${detectorCursors.failures} + 1` : 0,
      })
      .where(eq(detectorCursors.detectorVersionId, detector.versionId))
      .returning({ failures: detectorCursors.failures });
    const source = {
      serviceId: detector.serviceId,
      dedupKey: `detector:${detector.versionId}:failing`,
      reportedBy: 'vigil',
    };
    if (status === 'failed') {
      if (!row || row.failures % failuresBeforeAlarm !== 0) return;
      await acceptTrigger(tx, { ...source, severity: 2, title: `Detector does not run: ${detector.title}` });
    } else await acceptResolve(tx, source, { onlyIfOpen: true });
  });
}

/** Which of these accounts belong to canaries: what is found about them is a drill. */
export async function canaryAccounts(
  db: Database,
  productId: string,
  accountRefs: readonly string[],
): Promise<ReadonlySet<string>> {
  if (accountRefs.length === 0) return new Set();
  const rows = await db
    .select({ accountRef: canaryRuns.accountRef })
    .from(canaryRuns)
    .where(
      and(eq(canaryRuns.productId, productId), sql`${canaryRuns.accountRef} = ANY(${sql.param([...accountRefs])})`),
    );
  return new Set(rows.map((row) => row.accountRef));
}
