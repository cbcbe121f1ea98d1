import { refused } from '../machine.ts';
import type { Refusal } from '../machine.ts';
import { hourMs } from '../time.ts';
import type { Percent } from './duties.ts';
import { nextPercent } from './launch.ts';
import type { Launch } from './launch.ts';
import type { Stage } from './launch-parts.ts';

/** How long the analysis of a stage speaks for the stage. */
const analysisValidMs = 72 * hourMs;

/** What a person may ask for next. */
export const nextAdvance = (launch: Launch): Percent | 'sustained' => nextPercent(launch) ?? 'sustained';

/** Why the open stage is not ready to be followed by the next; null when it is. Missing data is a reason to wait. */
export function stageRefusal({ soakEndsAt, analysis }: Stage, now: number): Refusal | null {
  if (now < soakEndsAt) return refused('launch.soak_running', { soakEndsAt });
  if (analysis === null) return refused('launch.analysis_not_ready', { verdict: null });
  const isReady = analysis.verdict === 'advance_ready' || analysis.acceptedBy !== null;
  if (isReady && now < analysis.at + analysisValidMs) return null;
  return refused('launch.analysis_not_ready', { verdict: analysis.verdict, analysedAt: analysis.at });
}

/** The launch ready to be analysed again, if its analysis is too old or its answer never came; else the same launch. */
export function reanalysable(launch: Launch, now: number): Launch {
  const { stage } = launch;
  if (stage === null || stage.analysisKey === null || now < stage.soakEndsAt) return launch;
  const isFresh = stage.analysis !== null && now < stage.analysis.at + analysisValidMs;
  return isFresh ? launch : { ...launch, stage: { ...stage, analysisKey: null, analysis: null } };
}
