import { catalogueOf } from '#domain/launch/catalogue.ts';
import type { CheckResult } from '#domain/launch/check-result.ts';
import { stageMetrics } from '#domain/launch/stage-analysis.ts';
import type { Measurements } from '#domain/launch/stage-analysis.ts';
import type { Tier } from '#domain/launch/tier.ts';
import { goodMeasurements, goodResult } from '#test/support/launch-driver.ts';
import type { Random } from './random.ts';

const catalogue = catalogueOf('v1');

/** A measurement as the world gives it: mostly good, else over nobody, small, bad, broken or a lie. */
export function anyResult(random: Random, requirementId: string, tier: Tier, goodPercent: number): CheckResult {
  const requirement = catalogue.find(({ id }) => id === requirementId);
  if (requirement === undefined || requirement.verify.probe === null) return emptyClaim;
  const good = goodResult(requirement, tier, random.int(1, 1_000_000));
  if (random.chance(goodPercent)) return good;
  const { better } = requirement.verify.probe.measure;
  const beyond = (good.observed ?? 0) + (better === 'higher' ? -0.01 : 0.01);
  return random.pick<CheckResult>([
    { ...good, population: 0 },
    { ...good, population: (good.population ?? 1) - 1 },
    { ...good, observed: beyond },
    { ...good, observed: beyond, threshold: beyond },
    { ...good, status: 'fail' },
    { ...good, status: 'warn' },
    { ...good, status: 'inconclusive' },
    { ...good, evidenceHash: null },
    { ...good, evidenceHash: 'see the wiki' },
    { ...good, observed: null },
    { ...good, population: -3 },
    { ...emptyClaim, status: 'error' },
  ]);
}

/** Says that it passed and shows nothing. */
const emptyClaim: CheckResult = {
  status: 'pass',
  observed: null,
  threshold: null,
  population: 0,
  windowMs: 0,
  evidenceHash: null,
};

/** The measurements of a stage: mostly all good, else one missing, empty or bad. */
export function anyMeasurements(random: Random): Measurements {
  if (random.chance(65)) return goodMeasurements;
  const metric = random.pick(stageMetrics);
  const { [metric]: good, ...others } = goodMeasurements;
  if (random.chance(40)) return others;
  return { ...others, [metric]: random.chance(50) ? { ...good, population: 0 } : { ...good, status: 'fail' } };
}
