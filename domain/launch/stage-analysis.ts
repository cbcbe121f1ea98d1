import { isWellFormed } from './check-result.ts';
import type { CheckResult } from './check-result.ts';

/** What is measured over a stage's soak before the next stage may open. */
export const stageMetrics = [
  'canary_success',
  'data_delay',
  'alert_rate',
  'queue_age',
  'severe_case_rate',
  'appeal_overturn',
  'reviewer_occupancy',
] as const;
export type StageMetric = (typeof stageMetrics)[number];

export type Measurements = Readonly<Partial<Record<StageMetric, CheckResult>>>;

/** A failure of one of these means that the stage does harm or that nobody would see it: the advice is to abort. */
const abortMetrics: readonly StageMetric[] = ['canary_success', 'severe_case_rate'];

const nothing: CheckResult = {
  status: 'not_reported',
  observed: null,
  threshold: null,
  population: 0,
  windowMs: 0,
  evidenceHash: null,
};

/** A measurement as the analysis takes it: without population or proof it is not reported, malformed it is an error. */
function taken(result: CheckResult | undefined): CheckResult {
  if (result === undefined) return nothing;
  if (!isWellFormed(result)) return { ...nothing, status: 'error' };
  const measured = result.population > 0 && result.observed !== null && result.evidenceHash !== null;
  return measured || result.status === 'error' ? result : { ...result, status: 'not_reported' };
}

/**
 * The verdict over a stage. Ready only when every metric passed on something measured; a failure holds or advises to
 * abort; anything missing, small or broken holds. The verdict opens and closes nothing: a person does.
 */
export function analyseStage(measurements: Measurements): {
  verdict: 'advance_ready' | 'hold' | 'abort_advised';
  /** Null when the stage is ready. */
  holdReason: 'analysis_failed' | 'analysis_inconclusive' | null;
  metrics: Readonly<Record<StageMetric, CheckResult>>;
} {
  const entries = stageMetrics.map((metric) => [metric, taken(measurements[metric])] as const);
  const metrics = Object.fromEntries(entries) as Record<StageMetric, CheckResult>;
  const failed = stageMetrics.filter((metric) => metrics[metric].status === 'fail');
  if (failed.some((metric) => abortMetrics.includes(metric))) {
    return { verdict: 'abort_advised', holdReason: 'analysis_failed', metrics };
  }
  if (failed.length > 0) return { verdict: 'hold', holdReason: 'analysis_failed', metrics };
  const ready = stageMetrics.every((metric) => metrics[metric].status === 'pass');
  return ready
    ? { verdict: 'advance_ready', holdReason: null, metrics }
    : { verdict: 'hold', holdReason: 'analysis_inconclusive', metrics };
}
