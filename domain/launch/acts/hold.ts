import { ignored, refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { stepTo } from '../change.ts';
import { effectKey, page } from '../effects.ts';
import type { LaunchEffect, LaunchEvent } from '../events.ts';
import { withHold, withoutHold } from '../holds.ts';
import type { Launch } from '../launch.ts';
import { aborters, actRefusal, holders, releasers } from '../roles.ts';

type Of<T extends LaunchEvent['type']> = Extract<LaunchEvent, { type: T }>;

/** Case ids kept to recognise one that is told again. */
const recentCasesMax = 10;

export function hold(launch: Launch, event: Of<'hold'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, holders);
  if (refusal !== null) return refusal;
  const held = withHold(launch, { reason: 'requested', heldBy: event.by.id, refId: null, noteId: event.noteId }, now);
  return stepTo(launch, held.launch, held.effects);
}

/** A severity-1 case of the launch holds it, whatever its phase. Told again, it changes nothing, also after a release. */
export function caseLinked(launch: Launch, event: Of<'caseLinked'>, now: number): Step<Launch, LaunchEffect> {
  const { caseId, severity } = event;
  const { severity1, recentSeverity1 } = launch.cases;
  if (severity !== 1 || recentSeverity1.includes(caseId)) return ignored;
  const cases = { severity1: severity1 + 1, recentSeverity1: [...recentSeverity1, caseId].slice(-recentCasesMax) };
  const linked = { ...launch, cases };
  const held = withHold(linked, { reason: 'severity_1_case', heldBy: null, refId: caseId, noteId: null }, now);
  return stepTo(launch, held.launch, held.effects);
}

/** A detector that decayed holds a rollout that relies on it; before the first stage the gate sees it by itself. */
export function detectorDegraded(
  launch: Launch,
  event: Of<'detectorDegraded'>,
  now: number,
): Step<Launch, LaunchEffect> {
  if (launch.stage === null) return ignored;
  const holding = { reason: 'detector_degraded', heldBy: null, refId: event.detectorId, noteId: null } as const;
  const held = withHold(launch, holding, now);
  return stepTo(launch, held.launch, held.effects);
}

/**
 * Ends one reason to hold, in writing. To release an inconclusive analysis is to accept it; after any other hold the
 * stage is analysed anew, because what was measured before the trouble does not speak for the time after it.
 */
export function release(launch: Launch, event: Of<'release'>, now: number): Step<Launch, LaunchEffect> {
  const { reason, seenCount, noteId, by } = event;
  const refusal = actRefusal(by, releasers);
  if (refusal !== null) return refusal;
  const found = launch.holds[reason];
  if (found === undefined) return refused('launch.not_on_hold', { reasons: Object.keys(launch.holds) });
  if (found.count !== seenCount) return refused('launch.hold_changed', { count: found.count, refId: found.refId });
  const released = withoutHold(launch, reason, now);
  const { stage } = released;
  const accepted = reason === 'analysis_inconclusive' && stage !== null && stage.analysis !== null;
  return stepTo(launch, {
    ...released,
    lastRelease: { reason, decidedBy: by.id, at: now, noteId },
    stage:
      stage === null
        ? null
        : accepted && stage.analysis !== null
          ? { ...stage, analysis: { ...stage.analysis, acceptedBy: by.id } }
          : { ...stage, analysisKey: null, analysis: null },
  });
}

/** Ends the launch for good and takes the product back from everyone it was opened to. */
export function abort(launch: Launch, event: Of<'abort'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, aborters);
  if (refusal !== null) return refusal;
  const { reasonCode, noteId, by } = event;
  const effects: LaunchEffect[] = [page(launch, 'launch_owner', 'aborted', null)];
  if (launch.stage !== null) {
    const key = effectKey(launch, 'rolloutStopped', 'launch');
    effects.push({ type: 'rolloutStopped', key, percent: launch.stage.percent });
  }
  const closed = { outcome: 'aborted', decidedBy: by.id, at: now, reasonCode, noteId } as const;
  return stepTo(launch, { ...launch, phase: 'aborted', closed }, effects);
}
