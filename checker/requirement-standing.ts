import { catalogue, isFixedIn, recertifyMs, tierIndex } from './catalogue-v1.ts';
import type { Probe, Requirement } from './catalogue-v1.ts';
import type { RequirementState } from './launch-state.ts';

export type Standing = 'pass' | 'waived' | 'not_applicable' | { readonly blocked: string };

/**
 * How a requirement really stands: passed on measured, unexpired proof; else agreed not to apply by a second person; else
 * waived by a second person and not for longer than the waiver lasts; else blocked, with the reason.
 */
export function standingOf(id: string, state: RequirementState, tier: string, at: number): Standing {
  const requirement = catalogue.get(id);
  if (requirement === undefined) return { blocked: 'it is not in the catalogue' };
  const canBeLetGo = !isFixedIn(requirement, tier);
  const { notApplicable, waiver } = state;
  const isAgreed = notApplicable !== null && notApplicable.approvedBy !== null;
  if (canBeLetGo && isAgreed && notApplicable.approvedBy !== notApplicable.requestedBy) return 'not_applicable';
  const missing = missingProof(requirement, state, tier, at);
  if (missing === null) return 'pass';
  const isWaived = waiver !== null && waiver.expiresAt > at && waiver.approvedBy !== waiver.requestedBy;
  return canBeLetGo && isWaived ? 'waived' : { blocked: missing };
}

/** What is missing for it to pass; null when nothing is. */
function missingProof(requirement: Requirement, state: RequirementState, tier: string, at: number): string | null {
  const { probe, evidence, signOff } = requirement;
  const index = tierIndex(tier);
  const recertify = recertifyMs[index] ?? 0;
  return (
    (probe === null ? null : measurementProblem(probe, state.result, index, at)) ??
    (evidence ? evidenceProblem(state.evidence, recertify, at) : null) ??
    (signOff === null ? null : signatureProblem(state, recertify, at))
  );
}

function measurementProblem(probe: Probe, result: RequirementState['result'], tier: number, at: number): string | null {
  if (result === null) return 'nothing was measured';
  const { observed, population, windowMs, evidenceHash } = result;
  if (!(population > 0) || observed === null || evidenceHash === null) return 'it was measured on nothing';
  if (result.status !== 'pass') return `its measurement says ${result.status}`;
  if (population < (probe.minPopulation[tier] ?? 1)) return 'it was measured on too little';
  if (windowMs < (probe.minWindowMs[tier] ?? 0)) return 'it was measured for too short a time';
  const own = probe.threshold[tier] ?? Number.NaN;
  const meets = (threshold: number): boolean =>
    probe.better === 'higher' ? observed >= threshold : observed <= threshold;
  if (!meets(own) || (result.threshold !== null && !meets(result.threshold)))
    return 'its measurement is beyond the threshold';
  return result.measuredAt + (probe.validMs[tier] ?? 0) > at ? null : 'its measurement had expired';
}

function evidenceProblem(evidence: RequirementState['evidence'], recertify: number, at: number): string | null {
  if (evidence === null) return 'there is no evidence';
  return evidence.validUntilAt > at && evidence.attachedAt + recertify > at ? null : 'its evidence had expired';
}

function signatureProblem({ signOff, revision }: RequirementState, recertify: number, at: number): string | null {
  if (signOff === null || signOff.choice !== 'approve') return 'nobody signed for it';
  if (signOff.revision !== revision) return 'it was signed on other evidence';
  return signOff.at + recertify > at ? null : 'its signature had expired';
}
