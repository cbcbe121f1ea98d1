import { ignored, refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { stepTo } from '../change.ts';
import { dutiesByTier } from '../duties.ts';
import type { Percent } from '../duties.ts';
import type { LaunchEffect, LaunchEvent } from '../events.ts';
import { effectKey } from '../effects.ts';
import { evaluateGate } from '../gate.ts';
import type { Gate } from '../gate.ts';
import { withHold } from '../holds.ts';
import { isHeld, nextPercent } from '../launch.ts';
import type { Launch } from '../launch.ts';
import type { RequirementState } from '../launch-parts.ts';
import { requirementsOf } from '../requirements.ts';
import { actRefusal, advancers } from '../roles.ts';
import { nextAdvance, stageRefusal } from '../rollout.ts';
import { startRuns } from '../runs.ts';
import { analyseStage } from '../stage-analysis.ts';

type Of<T extends LaunchEvent['type']> = Extract<LaunchEvent, { type: T }>;

/**
 * Opens the next stage, or ends the watch. Only ever a person's act, and only when nothing stands against it: no hold,
 * the soak over, its analysis ready, the gate open. The answer to a refusal says what blocks.
 */
export function advanceStage(launch: Launch, event: Of<'advanceStage'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, advancers);
  if (refusal !== null) return refusal;
  if (launch.tier === null) return refused('launch.intake_missing');
  const next = nextAdvance(launch);
  if (event.to !== next) return refused('launch.stage_order', { next });
  if (isHeld(launch)) return refused('launch.on_hold', { reasons: Object.keys(launch.holds) });
  const notReady = launch.stage === null ? null : stageRefusal(launch.stage, now);
  if (notReady !== null) return notReady;
  const gate = evaluateGate(launch, now);
  if (!gate.open) return refused('launch.gate_closed', { blockers: gate.blockers });
  if (next === 'sustained') {
    const closed = { outcome: next, decidedBy: event.by.id, at: now, reasonCode: null, noteId: null };
    return stepTo(launch, { ...launch, phase: next, closed });
  }
  return openStage(launch, next, event.by.id, gate, dutiesByTier[launch.tier].soakMs[next], now);
}

function openStage(
  launch: Launch,
  percent: Percent,
  decidedBy: string,
  gate: Gate,
  soakMs: number,
  now: number,
): Step<Launch, LaunchEffect> {
  const { evidenceRevision } = launch;
  const { waived, notApplicable } = gate;
  const opening = { percent, decidedBy, at: now, evidenceRevision, passed: gate.passed.length, waived, notApplicable };
  const opened: Launch = {
    ...launch,
    phase: percent === 100 ? 'watch' : 'stage',
    stage: { percent, openedAt: now, soakEndsAt: now + soakMs, analysisKey: null, analysis: null },
    openings: [...launch.openings, opening],
  };
  const key = effectKey(launch, 'stageOpened', `${percent}`);
  const effects: LaunchEffect[] = [{ type: 'stageOpened', key, percent }];
  if (nextPercent(opened) !== 50) return stepTo(launch, opened, effects, { percent });
  // From 50 % on detectors need their full level: what was measured for less does not count any more.
  const bound = new Set(
    requirementsOf(opened)
      .filter(({ verify }) => verify.probe?.levelBound)
      .map(({ id }) => id),
  );
  const requirements: Record<string, RequirementState> = { ...opened.requirements };
  for (const [id, state] of Object.entries(opened.requirements)) {
    if (bound.has(id)) requirements[id] = { ...state, result: null };
  }
  const run = startRuns({ ...opened, requirements }, now, ({ id }) => bound.has(id));
  return stepTo(launch, run.launch, [...effects, ...run.effects], { percent });
}

/** Takes the analysis that is awaited. A stage that failed, or of which too little is known, is put on hold. */
export function stageAnalysed(launch: Launch, event: Of<'stageAnalysed'>, now: number): Step<Launch, LaunchEffect> {
  const { stage } = launch;
  if (stage === null || stage.analysis !== null || stage.analysisKey !== event.effectKey) return ignored;
  const { verdict, holdReason, metrics } = analyseStage(event.measurements);
  const analysed = { ...launch, stage: { ...stage, analysis: { at: now, verdict, metrics, acceptedBy: null } } };
  if (holdReason === null) return stepTo(launch, analysed);
  const held = withHold(analysed, { reason: holdReason, heldBy: null, refId: null, noteId: null }, now);
  return stepTo(launch, held.launch, held.effects);
}
