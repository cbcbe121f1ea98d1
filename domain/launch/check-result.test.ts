import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '#test/support/launches.ts';
import { catalogueOf } from './catalogue.ts';
import type { Measure } from './catalogue.ts';
import { isWellFormed, judge, resultStatuses } from './check-result.ts';
import type { CheckResult } from './check-result.ts';
import { tiers } from './tier.ts';

const measureOf = (id: string): Measure => {
  const probe = catalogueOf('v1').find((requirement) => requirement.id === id)?.verify.probe;
  if (!probe) throw new Error(`no probe ${id}`);
  return probe.measure;
};
const freshness = measureOf('DA-02');
const minuteMs = 60_000;
const dayMs = 86_400_000;

const result = (change: Partial<CheckResult> = {}): CheckResult => ({
  status: 'pass',
  observed: 10 * minuteMs,
  threshold: 15 * minuteMs,
  population: 2_000,
  windowMs: dayMs,
  evidenceHash: hashOf(1),
  ...change,
});

describe('judge', () => {
  it.each<[string, Partial<CheckResult>, string]>([
    ['good', {}, 'pass'],
    ['exactly at the threshold', { observed: 15 * minuteMs }, 'pass'],
    ['beyond the threshold', { observed: 15 * minuteMs + 1 }, 'fail'],
    [
      'beyond the catalogue’s threshold, within a looser one of the reporter',
      { observed: 20 * minuteMs, threshold: dayMs },
      'fail',
    ],
    ['within the catalogue’s threshold, beyond a stricter one', { threshold: 5 * minuteMs }, 'fail'],
    ['without a threshold of the reporter', { threshold: null }, 'pass'],
    ['population 0, claimed as a pass', { population: 0 }, 'not_reported'],
    ['population 0, claimed as a failure', { population: 0, status: 'fail' }, 'not_reported'],
    ['nothing observed', { observed: null }, 'not_reported'],
    ['without proof', { evidenceHash: null }, 'not_reported'],
    ['a small sample', { population: 29 }, 'inconclusive'],
    ['a short window', { windowMs: dayMs - 1 }, 'inconclusive'],
    ['said to have failed', { status: 'fail' }, 'fail'],
    ['said to warn', { status: 'warn' }, 'warn'],
    ['said to be inconclusive', { status: 'inconclusive' }, 'inconclusive'],
    ['an error', { status: 'error' }, 'error'],
    ['not a number', { observed: Number.NaN }, 'error'],
    ['a negative population', { population: -5 }, 'error'],
    ['something that is no hash', { evidenceHash: 'see the wiki' }, 'error'],
  ])('%s', (_, change, status) => {
    expect(judge(freshness, 'T1', result(change)).status).toBe(status);
  });

  it('asks more of a stricter tier', () => {
    expect(judge(freshness, 'T0', result()).status).toBe('fail');
    expect(judge(freshness, 'T0', result())).toMatchObject({ threshold: 5 * minuteMs });
    expect(judge(freshness, 'T3', result({ observed: dayMs, threshold: null })).status).toBe('pass');
  });

  it('never passes without a measured population, whoever says so', () => {
    const measures = catalogueOf('v1').flatMap(({ verify }) => (verify.probe === null ? [] : [verify.probe.measure]));
    fc.assert(
      fc.property(
        fc.constantFrom(...measures),
        fc.constantFrom(...tiers),
        fc.record({
          status: fc.constantFrom(...resultStatuses),
          observed: fc.option(fc.double(), { nil: null }),
          threshold: fc.option(fc.double(), { nil: null }),
          population: fc.oneof(fc.constant(0), fc.integer()),
          windowMs: fc.integer(),
          evidenceHash: fc.option(fc.constantFrom(hashOf(1), '', 'x'), { nil: null }),
        }),
        (measure, tier, reported) => {
          const { status, threshold } = judge(measure, tier, reported);
          if (status !== 'pass') return;
          expect(reported.status).toBe('pass');
          expect(reported.population).toBeGreaterThanOrEqual(measure.minPopulation[tier]);
          expect(reported.population).toBeGreaterThan(0);
          expect(isWellFormed(reported)).toBe(true);
          const limit = measure.threshold[tier];
          if (measure.better === 'higher') expect(threshold).toBeGreaterThanOrEqual(limit);
          else expect(threshold).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
