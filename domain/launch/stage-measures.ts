import { atLeast, atMost, perTier } from './catalogue/row.ts';
import type { Measure } from './catalogue/row.ts';
import { dutiesByTier } from './duties.ts';
import type { StageMetric } from './stage-analysis.ts';

const { T0, T1, T2, T3 } = dutiesByTier;

/** What each number of a stage's analysis means and when it is good enough. Starting values; how long they count is the analysis's own matter. */
export const stageMeasures: Readonly<Record<StageMetric, Measure>> = {
  canary_success: atLeast(0.99, 'share', 'canaries of the stage that a person acknowledged in time'),
  data_delay: atMost(
    perTier(T0.dataDelayMs, T1.dataDelayMs, T2.dataDelayMs, T3.dataDelayMs),
    'ms',
    '95th percentile of the delay of events',
    { minPopulation: 30 },
  ),
  // Below one in a thousand the rise is no chance any more; with seven detectors that is one false alarm in 140 stages.
  alert_rate: atLeast(0.001, 'share', 'chance of so many alerts among the events, had nothing changed', {
    minPopulation: 100,
  }),
  queue_age: atMost(1, 'share', '90th percentile of the wait for a first look, in parts of the time allowed for it'),
  severe_case_rate: atMost(1, 'count', 'cases of severity 1 and 2 that people confirmed, per thousand events', {
    minPopulation: 100,
  }),
  appeal_overturn: atMost(0.02, 'share', 'orders of the stage that were reversed as wrong'),
  reviewer_occupancy: atMost(0.85, 'share', 'occupancy of the reviewers in the busiest hour'),
};
