import type { LaunchEffect } from '#domain/launch/events.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { stageMetrics } from '#domain/launch/stage-analysis.ts';
import type { Measurements, StageMetric } from '#domain/launch/stage-analysis.ts';
import { stageMeasures } from '#domain/launch/stage-measures.ts';
import type { Database } from '#db/client.ts';
import { resultOf } from '../launch-probes/measured.ts';
import { alertRate } from './alert-rate.ts';
import { appealOverturn } from './appeal-overturn.ts';
import { canarySuccess } from './canary-success.ts';
import { dataDelay } from './data-delay.ts';
import { queueAge } from './queue-age.ts';
import { reviewerOccupancy } from './reviewer-occupancy.ts';
import { severeCaseRate } from './severe-case-rate.ts';
import type { StageProbe } from './stage-window.ts';

const probes: Readonly<Record<StageMetric, StageProbe>> = {
  canary_success: canarySuccess,
  data_delay: dataDelay,
  alert_rate: alertRate,
  queue_age: queueAge,
  severe_case_rate: severeCaseRate,
  appeal_overturn: appealOverturn,
  reviewer_occupancy: reviewerOccupancy,
};

/** Measures the stage over its soak. What has no population is not reported, and the analysis then holds the stage. */
export async function measureStage(
  db: Database,
  launch: Launch,
  { fromAt, toAt }: Extract<LaunchEffect, { type: 'analyseStage' }>,
): Promise<Measurements> {
  const { tier } = launch;
  if (tier === null) throw new Error(`${launch.id} has a stage and no tier`);
  const measured: { [M in StageMetric]?: Measurements[M] } = {};
  for (const metric of stageMetrics) {
    const found = await probes[metric]({ db, launch, tier, from: new Date(fromAt), to: new Date(toAt) });
    const windowed = { ...found, windowMs: toAt - fromAt, facts: { metric, fromAt, toAt, ...found.facts } };
    measured[metric] = await resultOf(db, stageMeasures[metric], tier, windowed);
  }
  return measured;
}
