import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayMs, hourMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { canaryRuns, detectorCursors, detectorGaps } from '#db/schema/index.ts';
import type { LaunchWorld, WorldOptions } from '../support/launch-world.ts';
import { ago, notMeasured, startProbing } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';
import { seedTraffic } from '../support/product-traffic.ts';
import { seedCase, seedDetector, seedQueue, seedReviewer } from '../support/review-world.ts';

let probing: Probing;
let db: Database;
const launch = (options?: WorldOptions): Promise<LaunchWorld> => probing.launch(options);
const measure: Probing['measure'] = (...of) => probing.measure(...of);

beforeAll(async () => {
  probing = await startProbing();
  ({ db } = probing);
});
afterAll(() => probing.close());

describe('harm_matrix', () => {
  it('asks for the level of the tier from 50 % on, and for one less before', async () => {
    const world = await launch();
    for (const harm of ['fraud', 'plat', 'hate']) await seedDetector(world, { harm, maturity: 'M2' });
    expect(await measure(world, 'harm_matrix', 'T2', 1)).toMatchObject({ status: 'pass', observed: 1, population: 3 });
    expect(await measure(world, 'harm_matrix', 'T2', 50)).toMatchObject({ status: 'fail', observed: 2 / 3 });
    await seedDetector(world, { harm: 'fraud', maturity: 'M3' });
    expect(await measure(world, 'harm_matrix', 'T2', 50)).toMatchObject({ status: 'pass' });
  });

  it('fails for a product without detectors, and takes none of another product', async () => {
    const world = await launch();
    const other = await launch();
    for (const harm of ['fraud', 'plat', 'hate']) await seedDetector(other, { harm, maturity: 'M4' });
    expect(await measure(world, 'harm_matrix')).toMatchObject({ status: 'fail', observed: 0, population: 3 });
  });
});

describe('freshness', () => {
  const traffic = { count: 60, everyMs: 40 * minuteMs, from: ago(44 * hourMs) };

  it('passes on prompt events over more than a day', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, { ...traffic, delayMs: minuteMs });
    const result = await measure(world, 'freshness');
    expect(result).toMatchObject({ status: 'pass', observed: minuteMs, population: 60 });
    expect(result.windowMs).toBeGreaterThan(dayMs);
  });

  it('fails when more than five in a hundred come late', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, { ...traffic, delayMs: minuteMs });
    await seedTraffic(db, world.productId, { ...traffic, count: 10, delayMs: 2 * hourMs });
    expect(await measure(world, 'freshness')).toMatchObject({ status: 'fail', population: 70 });
  });

  it('cannot tell from an hour of events', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, { count: 50, everyMs: minuteMs, from: ago(hourMs), delayMs: 1_000 });
    expect(await measure(world, 'freshness')).toMatchObject({ status: 'inconclusive', population: 50 });
  });

  it('is not measured by drills', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, { ...traffic, delayMs: minuteMs, synthetic: true });
    expect(await measure(world, 'freshness')).toMatchObject(notMeasured);
  });
});

describe('precision', () => {
  async function labelled(
    world: LaunchWorld,
    versionId: string,
    violations: number,
    others: number,
    synthetic = false,
  ): Promise<void> {
    const queueId = await seedQueue(world);
    const by = await seedReviewer(world);
    for (let n = 0; n < violations + others; n++) {
      const verdict = n < violations ? 'violation' : 'no_violation';
      await seedCase(world, {
        queueId,
        detectorVersionId: versionId,
        decided: { by, verdict },
        synthetic,
        openedAt: ago(hourMs),
      });
    }
  }

  it('passes when the lower bound meets the target', async () => {
    const world = await launch();
    const versionId = await seedDetector(world, { harm: 'fraud', maturity: 'M3', severity: 2 });
    await labelled(world, versionId, 35, 15);
    await labelled(world, versionId, 0, 5, true);
    expect(await measure(world, 'precision')).toMatchObject({ status: 'pass', observed: 1, population: 50 });
  });

  it('fails when even the upper bound misses it', async () => {
    const world = await launch();
    const versionId = await seedDetector(world, { harm: 'fraud', maturity: 'M4', severity: 2 });
    await labelled(world, versionId, 25, 35);
    expect(await measure(world, 'precision')).toMatchObject({ status: 'fail', observed: 0, population: 60 });
  });

  it('cannot tell while one of the detectors has too few labels', async () => {
    const world = await launch();
    await labelled(world, await seedDetector(world, { harm: 'fraud', maturity: 'M3', severity: 2 }), 50, 0);
    await labelled(world, await seedDetector(world, { harm: 'hate', maturity: 'M3', severity: 3 }), 3, 0);
    expect(await measure(world, 'precision')).toMatchObject({ status: 'inconclusive', observed: 0.5, population: 53 });
  });

  it('is not measured without labels, nor for detectors in shadow', async () => {
    const world = await launch();
    await seedDetector(world, { harm: 'fraud', maturity: 'M3' });
    expect(await measure(world, 'precision')).toMatchObject({ status: 'not_reported', population: 0 });
    const shadow = await launch();
    await labelled(shadow, await seedDetector(shadow, { harm: 'fraud', maturity: 'M2' }), 60, 0);
    expect(await measure(shadow, 'precision')).toMatchObject(notMeasured);
  });
});

describe('detector_health', () => {
  async function swept(versionId: string, seenAgoMs: number, status = 'ok'): Promise<void> {
    const at = ago(seenAgoMs);
    await db
      .insert(detectorCursors)
      .values({ detectorVersionId: versionId, lastRunAt: at, lastSeenAt: at, lastStatus: status, runs: 1 });
  }

  it('passes when all run without a gap', async () => {
    const world = await launch();
    await swept(await seedDetector(world, { harm: 'fraud', maturity: 'M3' }), 20_000);
    await swept(await seedDetector(world, { harm: 'hate', maturity: 'M2' }), 20_000);
    await seedDetector(world, { harm: 'plat', maturity: 'M1' });
    expect(await measure(world, 'detector_health')).toMatchObject({
      status: 'pass',
      observed: 0,
      population: 2,
      windowMs: 7 * dayMs,
    });
  });

  it.each([
    ['one is blind now', 10 * minuteMs, 'ok', null],
    ['the last sweep failed', 1_000, 'failed', null],
    ['one had a gap this week', 1_000, 'ok', 2 * dayMs],
  ])('fails when %s', async (_, seenAgoMs, status, gapEndedAgoMs) => {
    const world = await launch();
    const versionId = await seedDetector(world, { harm: 'fraud', maturity: 'M3' });
    await swept(versionId, seenAgoMs, status);
    if (gapEndedAgoMs !== null) {
      await db
        .insert(detectorGaps)
        .values({ detectorVersionId: versionId, fromAt: ago(gapEndedAgoMs + hourMs), untilAt: ago(gapEndedAgoMs) });
    }
    expect(await measure(world, 'detector_health')).toMatchObject({ status: 'fail', observed: 1, population: 1 });
  });

  it('fails for one that never ran, cannot tell about a young one, and is not measured without any', async () => {
    const world = await launch();
    expect(await measure(world, 'detector_health')).toMatchObject(notMeasured);
    const versionId = await seedDetector(world, { harm: 'fraud', maturity: 'M3', ageDays: 1 });
    expect(await measure(world, 'detector_health')).toMatchObject({ status: 'inconclusive', observed: 1 });
    await swept(versionId, 1_000);
    expect(await measure(world, 'detector_health')).toMatchObject({ status: 'inconclusive', observed: 0 });
  });
});

describe('canary', () => {
  async function run(world: LaunchWorld, when: number | Date, minutes: number, passed = true): Promise<void> {
    const id = newId('canary');
    const { launchId, productId, teamId } = world;
    const row = {
      id,
      launchId,
      productId,
      teamId,
      detectorVersionId: 'x',
      accountRef: id,
      status: 'done',
      openedAt: typeof when === 'number' ? ago(when) : when,
    };
    await db.insert(canaryRuns).values({ ...row, state: { passed, minutes } });
  }

  it('passes on three in a row, by the slowest', async () => {
    const world = await launch();
    for (const [agoMs, minutes] of [
      [hourMs, 2],
      [2 * hourMs, 9.5],
      [3 * hourMs, 1],
      [4 * hourMs, 40],
    ] as const)
      await run(world, agoMs, minutes);
    expect(await measure(world, 'canary')).toMatchObject({ status: 'pass', observed: 9.5 * minuteMs, population: 3 });
  });

  it('fails on a miss among the last three, and on a slow one', async () => {
    const world = await launch();
    await run(world, hourMs, 2);
    await run(world, 2 * hourMs, 15, false);
    await run(world, 3 * hourMs, 2);
    expect(await measure(world, 'canary')).toMatchObject({ status: 'fail', population: 3 });
    const slow = await launch();
    for (const minutes of [2, 16, 2]) await run(slow, hourMs * minutes, minutes);
    expect(await measure(slow, 'canary')).toMatchObject({ status: 'fail', observed: 16 * minuteMs });
  });

  it('cannot tell from two, nor when the newest is too old', async () => {
    const world = await launch();
    await run(world, hourMs, 2);
    await run(world, 2 * hourMs, 2);
    expect(await measure(world, 'canary')).toMatchObject({ status: 'inconclusive', population: 2 });
    const old = await launch();
    for (const hours of [10, 11, 12]) await run(old, hours * hourMs, 2);
    expect(await measure(old, 'canary', 'T2')).toMatchObject({ status: 'pass' });
    expect(await measure(old, 'canary', 'T0')).toMatchObject({ status: 'inconclusive' });
  });

  it('wants one out of working hours, if need be an older one', async () => {
    const late = ago(5 * hourMs);
    const outOfHours = late.getUTCHours() * 60;
    const windows = [
      { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: outOfHours },
      { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: outOfHours + 60, toMinute: 1440 },
    ];
    const world = await launch({
      policy: (people) => ({
        rungs: [{ targets: [{ kind: 'person', personId: people.engineer.id }], ackWithinMs: minuteMs }],
        catchAllPersonId: people.executive.id,
        workingHours: { zone: 'UTC', windows },
      }),
    });
    for (const hours of [1, 2, 3]) await run(world, hours * hourMs, 2);
    expect(await measure(world, 'canary')).toMatchObject({ status: 'inconclusive', population: 3 });
    await run(world, late, 11);
    expect(await measure(world, 'canary')).toMatchObject({ status: 'pass', observed: 11 * minuteMs, population: 4 });
  });

  it('is not measured without runs', async () => {
    expect(await measure(await launch(), 'canary')).toMatchObject(notMeasured);
  });
});
