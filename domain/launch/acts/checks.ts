import { isPerson } from '../../actor.ts';
import { ignored, refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { dayMs } from '../../time.ts';
import { isBlocking, isReportable, measuredProbe } from '../catalogue.ts';
import type { Requirement } from '../catalogue.ts';
import { isHash, isWellFormed } from '../check-result.ts';
import type { CheckResult } from '../check-result.ts';
import { checkState, endsAt, findings } from '../check.ts';
import { dutiesByTier } from '../duties.ts';
import type { LaunchEffect, LaunchEvent } from '../events.ts';
import { stepTo, withState } from '../change.ts';
import { withHold } from '../holds.ts';
import type { Launch } from '../launch.ts';
import type { RequirementState, StoredResult } from '../launch-parts.ts';
import { findRequirement } from '../requirements.ts';
import { actRefusal, launchRoles } from '../roles.ts';
import { startRuns } from '../runs.ts';
import { reanalysable } from '../rollout.ts';

type Of<T extends LaunchEvent['type']> = Extract<LaunchEvent, { type: T }>;

/** How soon Vigil measures again what did not pass. */
const retryAfterMs = dayMs;

/** Keeps the newest evidence of a requirement; what was signed for the old one is void. */
export function attachEvidence(launch: Launch, event: Of<'attachEvidence'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, launchRoles);
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null || launch.tier === null) return refused('launch.unknown_requirement');
  const { requirement, state } = found;
  if (!requirement.verify.evidence) return refused('launch.evidence_not_asked');
  const latestEndAt = now + dutiesByTier[launch.tier].recertifyMs;
  const fits =
    Number.isSafeInteger(event.validUntilAt) && event.validUntilAt > now && event.validUntilAt <= latestEndAt;
  if (!fits || !isHash(event.evidenceHash)) return refused('launch.evidence_invalid', { latestEndAt });
  const evidence = {
    evidenceId: event.evidenceId,
    hash: event.evidenceHash,
    validUntilAt: event.validUntilAt,
    collectedBy: event.collectedBy,
    attachedBy: event.by.id,
    attachedAt: now,
    count: (state.evidence?.count ?? 0) + 1,
    expiryTold: false,
  };
  return stepTo(launch, withState(launch, requirement.id, { ...state, evidence }));
}

/** Takes a result from outside. It counts like Vigil's own: judged by the catalogue, and only as long. */
export function reportCheck(launch: Launch, event: Of<'reportCheck'>, now: number): Step<Launch, LaunchEffect> {
  const { by, result } = event;
  const refusal = isPerson(by) ? actRefusal(by, launchRoles) : null;
  if (refusal !== null) return refusal;
  const found = findRequirement(launch, event.requirementId);
  if (found === null) return refused('launch.unknown_requirement');
  if (!isReportable(found.requirement)) return refused('launch.check_not_reportable');
  if (!isWellFormed(result)) return refused('launch.result_invalid');
  const reportedBy = { kind: by.kind, id: by.id };
  return takeResult(launch, found, { ...onlyResult(result), measuredAt: now, reportedBy, expiryTold: false }, now);
}

/** Takes the answer of the run that is awaited; that of an earlier run is ignored. */
export function checkCompleted(launch: Launch, event: Of<'checkCompleted'>, now: number): Step<Launch, LaunchEffect> {
  const found = findRequirement(launch, event.requirementId);
  if (found === null || found.state.runKey === null || found.state.runKey !== event.effectKey) return ignored;
  const result = isWellFormed(event.result) ? onlyResult(event.result) : broken;
  return takeResult(launch, found, { ...result, measuredAt: now, reportedBy: null, expiryTold: false }, now);
}

const broken: CheckResult = {
  status: 'error',
  observed: null,
  threshold: null,
  population: 0,
  windowMs: 0,
  evidenceHash: null,
};

/** Nothing else that a reporter sent gets into the state. */
const onlyResult = ({ status, observed, threshold, population, windowMs, evidenceHash }: CheckResult): CheckResult => ({
  status,
  observed,
  threshold,
  population,
  windowMs,
  evidenceHash,
});

function takeResult(
  launch: Launch,
  { requirement, state }: { requirement: Requirement; state: RequirementState },
  result: StoredResult,
  now: number,
): Step<Launch, LaunchEffect> {
  const { tier } = launch;
  if (tier === null) return ignored;
  const measured: RequirementState = { ...state, runKey: null, result };
  const after = { ...measured, refreshAt: refreshAt(requirement, measured, launch, now) };
  const next = withState(launch, requirement.id, after);
  const shown = checkState(requirement, after, tier, now);
  const broke = shown === 'fail' && checkState(requirement, state, tier, now) !== 'fail';
  // Before the first stage a failing check blocks the gate and harms nobody.
  if (broke && isBlocking(requirement, tier) && launch.stage !== null) {
    const held = withHold(next, { reason: 'check_failed', heldBy: null, refId: requirement.id, noteId: null }, now);
    return stepTo(launch, held.launch, held.effects, { state: shown });
  }
  return stepTo(launch, next, [], { state: shown });
}

/** What passes is measured again before it ends, anything else after a day. A result from outside is left to its end. */
function refreshAt(requirement: Requirement, state: RequirementState, { tier }: Launch, now: number): number | null {
  if (tier === null || measuredProbe(requirement) === null) return null;
  const endAt = endsAt(requirement, state, tier).probe;
  if (endAt === null || state.result?.reportedBy !== null) return endAt;
  const passes = findings(requirement, state, tier, now).some(
    (finding) => finding.part === 'probe' && finding.state === 'pass',
  );
  return now + (passes ? Math.floor((endAt - now) * 0.9) : retryAfterMs);
}

/** Measures everything anew that Vigil measures, and the stage as well when its analysis no longer counts. */
export function runChecks(launch: Launch, event: Of<'runChecks'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, launchRoles);
  if (refusal !== null) return refusal;
  if (launch.tier === null) return refused('launch.intake_missing');
  const run = startRuns(launch, now);
  const again = reanalysable(run.launch, now);
  if (run.effects.length === 0 && again === run.launch) return refused('launch.nothing_to_run');
  return stepTo(launch, again, run.effects, { started: run.effects.length });
}
