import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findDetectorVersion, gapAfterMs, noteSweep } from '#db/repositories/detectors.ts';
import type { LiveDetector } from '#db/repositories/detectors.ts';
import { detectorCursors, detectorGaps } from '#db/schema/index.ts';
import { ago, startProbing, sweepEveryMs } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';
import { seedDetector } from '../support/review-world.ts';

let probing: Probing;
beforeAll(async () => {
  probing = await startProbing();
});
afterAll(() => probing.close());

async function lastSeen(agoMs: number | null): Promise<LiveDetector> {
  const { db } = probing;
  const versionId = await seedDetector(await probing.launch(), { harm: 'fraud', maturity: 'M3' });
  await db
    .insert(detectorCursors)
    .values({ detectorVersionId: versionId, lastSeenAt: agoMs === null ? null : ago(agoMs), runs: 1 });
  const detector = await findDetectorVersion(db, versionId);
  if (!detector) throw new Error('the detector is gone');
  return detector;
}

const gapsOf = ({ versionId }: LiveDetector) =>
  probing.db.select().from(detectorGaps).where(eq(detectorGaps.detectorVersionId, versionId));

it('writes down how long a detector was blind when it sees again, and only then', async () => {
  const { db } = probing;
  const blindMs = gapAfterMs(sweepEveryMs) + 60_000;
  const detector = await lastSeen(blindMs);
  await noteSweep(db, detector, 'failed', 'internal.unexpected', sweepEveryMs);
  expect(await gapsOf(detector)).toHaveLength(0);
  await noteSweep(db, detector, 'ok', null, sweepEveryMs);
  await noteSweep(db, detector, 'ok', null, sweepEveryMs);
  const [gap, ...more] = await gapsOf(detector);
  expect(more).toHaveLength(0);
  expect((gap?.untilAt.getTime() ?? 0) - (gap?.fromAt.getTime() ?? 0)).toBeGreaterThanOrEqual(blindMs);
});

it.each([
  ['the next sweep is late by less', gapAfterMs(sweepEveryMs) / 2],
  ['it never saw anything before', null],
])('writes down nothing when %s', async (_, agoMs) => {
  const detector = await lastSeen(agoMs);
  await noteSweep(probing.db, detector, 'degraded', null, sweepEveryMs);
  expect(await gapsOf(detector)).toHaveLength(0);
});
