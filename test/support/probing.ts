import { runProbe } from '#activities/launch.ts';
import { catalogueOf } from '#domain/launch/catalogue.ts';
import type { MeasuredProbe } from '#domain/launch/catalogue.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import type { Percent } from '#domain/launch/duties.ts';
import type { Tier } from '#domain/launch/tier.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { createTestDatabase } from './database.ts';
import { putLaunchState, seedLaunchWorld } from './launch-world.ts';
import type { LaunchWorld, WorldOptions } from './launch-world.ts';

export const sweepEveryMs = 15_000;

/** What a probe answers when there was nothing to measure. */
export const notMeasured = { status: 'not_reported', observed: null, population: 0 };

export const ago = (ms: number): Date => new Date(Date.now() - ms);

export interface Probing {
  readonly db: Database;
  /** A launch whose intake is answered. */
  launch(options?: WorldOptions): Promise<LaunchWorld>;
  /** Runs one probe as the launch's workflow does. */
  measure(world: LaunchWorld, probe: MeasuredProbe, tier?: Tier, percent?: Percent): Promise<CheckResult>;
  close(): Promise<void>;
}

export async function startProbing(): Promise<Probing> {
  const database = await createTestDatabase();
  const db = connectDatabase({
    url: database.appUrl,
    size: 4,
    applicationName: 'test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
  return {
    db,
    async launch(options = {}) {
      const world = await seedLaunchWorld(db, options);
      await putLaunchState(world);
      return world;
    },
    async measure(world, probe, tier = 'T2', percent = 1) {
      const { result } = await runProbe(db, sweepEveryMs, world.launchId, probeEffect(probe, tier, percent));
      return result;
    },
    async close() {
      await db.$client.end();
      await database.drop();
    },
  };
}

/** The effect by which a launch asks for a probe. */
export const probeEffect = (probe: MeasuredProbe, tier: Tier, percent: Percent) => ({
  type: 'runProbe' as const,
  key: `v2:runProbe:${probe}`,
  requirementId: catalogueOf('v1').find(({ verify }) => verify.probe?.name === probe)?.id ?? '',
  probe,
  tier,
  percent,
});
