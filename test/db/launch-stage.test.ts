import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyseStage } from '#activities/launch.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { stageMetrics } from '#domain/launch/stage-analysis.ts';
import type { StageMetric } from '#domain/launch/stage-analysis.ts';
import { dayMs, hourMs, minuteMs } from '#domain/time.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { canaryRuns, decisions, enforcementOrders, signals } from '#db/schema/index.ts';
import { eq } from 'drizzle-orm';
import type { LaunchWorld } from '../support/launch-world.ts';
import { startProbing } from '../support/probing.ts';
import type { Probing } from '../support/probing.ts';
import { seedTraffic } from '../support/product-traffic.ts';
import { seedCase, seedDetector, seedQueue, seedReviewer } from '../support/review-world.ts';

let probing: Probing;
let db: Database;
const launch = (): Promise<LaunchWorld> => probing.launch();

beforeAll(async () => {
  probing = await startProbing();
  ({ db } = probing);
});
afterAll(() => probing.close());

/** A stage of a day whose clock need not be that of the machine. */
const fromAt = Date.UTC(2030, 4, 1, 9);
const toAt = fromAt + dayMs;
const during = (ms: number): Date => new Date(fromAt + ms);

async function analyse(world: LaunchWorld): Promise<Record<StageMetric, CheckResult>> {
  const effect = { type: 'analyseStage' as const, key: 'v9:analyseStage:1', percent: 1 as const, fromAt, toAt };
  const { measurements } = await analyseStage(db, world.launchId, effect);
  return measurements as Record<StageMetric, CheckResult>;
}

const traffic = { count: 200, everyMs: minuteMs, from: during(0), delayMs: minuteMs };

describe('a stage without traffic', () => {
  it('has nothing reported, so that it cannot be ready', async () => {
    const metrics = await analyse(await launch());
    expect(Object.keys(metrics)).toEqual([...stageMetrics]);
    for (const metric of stageMetrics) expect(metrics[metric]).toMatchObject({ status: 'not_reported', population: 0 });
  });
});

describe('canary_success', () => {
  async function run(world: LaunchWorld, openedAt: Date, passed: boolean): Promise<void> {
    const { launchId, productId, teamId } = world;
    const id = newId('canary');
    const row = { id, launchId, productId, teamId, detectorVersionId: 'x', accountRef: id, status: 'done', openedAt };
    await db.insert(canaryRuns).values({ ...row, state: { passed, minutes: 2 } });
  }

  it('passes when all passed, fails when one did not, and when they stopped', async () => {
    const world = await launch();
    await run(world, during(20 * hourMs), true);
    await run(world, new Date(toAt), false);
    expect((await analyse(world)).canary_success).toMatchObject({ status: 'pass', observed: 1, population: 1 });
    await run(world, during(22 * hourMs), false);
    expect((await analyse(world)).canary_success).toMatchObject({ status: 'fail', observed: 0.5, population: 2 });
  });

  it('fails when none came for two cadences', async () => {
    const world = await probing.launch({ intake: { likeness: { of: ['realistic_people'] } } });
    await run(world, during(20 * hourMs), true);
    expect((await analyse(world)).canary_success).toMatchObject({ status: 'fail', observed: 1, population: 1 });
  });
});

describe('data_delay', () => {
  it('passes on prompt events of the stage, and fails on late ones', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, { ...traffic, from: during(-4 * hourMs), delayMs: 9 * hourMs });
    await seedTraffic(db, world.productId, traffic);
    expect((await analyse(world)).data_delay).toMatchObject({ status: 'pass', observed: minuteMs, population: 200 });
    await seedTraffic(db, world.productId, { ...traffic, count: 30, delayMs: 2 * hourMs });
    expect((await analyse(world)).data_delay).toMatchObject({ status: 'fail', population: 230 });
  });
});

describe('alert_rate', () => {
  async function alerts(
    world: LaunchWorld,
    detectorVersionId: string,
    count: number,
    at: Date,
    mode = 'live',
  ): Promise<void> {
    const { productId } = world;
    const rows = Array.from({ length: count }, () => {
      const id = newId('signal');
      const about = {
        detectorVersionId,
        productId,
        accountRef: id,
        harm: 'fraud',
        severity: 2,
        score: 1,
        dedupeKey: id,
      };
      return { ...about, id, mode, synthetic: false, occurredAt: at };
    });
    await db.insert(signals).values(rows);
  }

  it('passes on the rate of before, fails on a spike, and counts no shadow', async () => {
    const world = await launch();
    const versionId = await seedDetector(world, { harm: 'fraud', maturity: 'M4' });
    await seedTraffic(db, world.productId, { ...traffic, count: 1_400, from: during(-7 * dayMs) });
    await seedTraffic(db, world.productId, traffic);
    await alerts(world, versionId, 35, during(-dayMs));
    await alerts(world, versionId, 14, during(hourMs));
    await alerts(world, versionId, 100, during(hourMs), 'shadow');
    expect((await analyse(world)).alert_rate).toMatchObject({ status: 'pass', population: 200 });
    await alerts(world, versionId, 1, during(hourMs));
    expect((await analyse(world)).alert_rate).toMatchObject({ status: 'fail', population: 200 });
  });

  it('cannot tell without a time before', async () => {
    const world = await launch();
    await seedTraffic(db, world.productId, traffic);
    expect((await analyse(world)).alert_rate).toMatchObject({ status: 'inconclusive', population: 200 });
  });
});

describe('queue_age', () => {
  it('passes while tasks are looked at in time, and fails when they wait', async () => {
    const world = await launch();
    const queueId = await seedQueue(world);
    const decided = { by: await seedReviewer(world), verdict: 'no_violation' } as const;
    for (let n = 0; n < 8; n++)
      await seedCase(world, { queueId, decided, openedAt: during(hourMs), claimedAfterMs: 30 * minuteMs });
    expect((await analyse(world)).queue_age).toMatchObject({ status: 'pass', observed: 0.5, population: 8 });
    await seedCase(world, { queueId, openedAt: during(2 * hourMs) });
    await seedCase(world, { queueId, openedAt: during(2 * hourMs) });
    expect((await analyse(world)).queue_age).toMatchObject({ status: 'fail', population: 10 });
  });
});

describe('severe_case_rate', () => {
  it('passes without confirmed cases, fails above the rate, and on one of severity 1', async () => {
    const world = await launch();
    const queueId = await seedQueue(world);
    const by = await seedReviewer(world);
    await seedTraffic(db, world.productId, { ...traffic, count: 1_000 });
    const opened = { queueId, openedAt: during(hourMs) };
    await seedCase(world, { ...opened, severity: 1, decided: { by, verdict: 'no_violation' } });
    await seedCase(world, { ...opened, severity: 1, synthetic: true, decided: { by, verdict: 'violation' } });
    await seedCase(world, { ...opened, severity: 2, decided: { by, verdict: 'violation' } });
    expect((await analyse(world)).severe_case_rate).toMatchObject({ status: 'pass', observed: 1, population: 1_000 });
    await seedCase(world, { ...opened, severity: 2, decided: { by, verdict: 'violation' } });
    expect((await analyse(world)).severe_case_rate).toMatchObject({ status: 'fail', observed: 2 });

    const severe = await launch();
    await seedTraffic(db, severe.productId, { ...traffic, count: 10_000, everyMs: 1_000 });
    await seedCase(severe, { ...opened, severity: 1, decided: { by, verdict: 'violation' } });
    expect((await analyse(severe)).severe_case_rate).toMatchObject({ status: 'fail', observed: 0.1 });
  });
});

describe('appeal_overturn', () => {
  async function order(world: LaunchWorld, queueId: string, by: string, reasonCode: string | null): Promise<void> {
    const caseId = await seedCase(world, { queueId, decided: { by, verdict: 'violation' }, openedAt: during(-dayMs) });
    const [decision] = await db.select().from(decisions).where(eq(decisions.caseId, caseId));
    const { teamId, productId } = world;
    await db.insert(enforcementOrders).values({
      id: newId('enforcement'),
      teamId,
      productId,
      caseId,
      decisionId: decision?.id ?? '',
      accountRef: caseId,
      action: 'suspend_account',
      policyVersionId: decision?.policyVersionId ?? '',
      decidedBy: by,
      status: 'active',
      state: { appliedAt: fromAt + hourMs, reversal: reasonCode === null ? null : { reasonCode } },
    });
  }

  it('counts what was reversed as wrong, and not what was reversed for other reasons', async () => {
    const world = await launch();
    const queueId = await seedQueue(world);
    const by = await seedReviewer(world);
    await order(world, queueId, by, null);
    await order(world, queueId, by, 'policy_changed');
    expect((await analyse(world)).appeal_overturn).toMatchObject({ status: 'pass', observed: 0, population: 2 });
    await order(world, queueId, by, 'appeal_overturned');
    expect((await analyse(world)).appeal_overturn).toMatchObject({ status: 'fail', observed: 1 / 3, population: 3 });
  });
});

describe('reviewer_occupancy', () => {
  it('is the work of the busiest hour over the people who may review', async () => {
    const world = await launch();
    const queueId = await seedQueue(world);
    const decided = { by: await seedReviewer(world), verdict: 'no_violation' } as const;
    // Six minutes each: eight tasks an hour keep one reviewer busy for 80 % of it.
    const task = { queueId, decided, openedAt: during(hourMs), decidedAfterMs: 6 * minuteMs };
    for (let n = 0; n < 8; n++) await seedCase(world, task);
    const calm = (await analyse(world)).reviewer_occupancy;
    expect(calm).toMatchObject({ status: 'pass', population: 8 });
    expect(calm.observed).toBeCloseTo(0.8, 6);
    await seedCase(world, task);
    expect((await analyse(world)).reviewer_occupancy).toMatchObject({ status: 'fail', population: 9 });
  });
});
