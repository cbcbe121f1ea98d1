import { isWaivable } from './catalogue.ts';
import type { Requirement } from './catalogue.ts';
import { judge } from './check-result.ts';
import { dutiesByTier } from './duties.ts';
import type { RequirementState } from './launch-parts.ts';
import type { Tier } from './tier.ts';

/** What a requirement can be, the worse the later. Only the first opens a gate by itself. */
export const checkStates = [
  'pass',
  'waived',
  'not_applicable',
  'warn',
  'stale',
  'inconclusive',
  'not_reported',
  'error',
  'fail',
] as const;
export type CheckState = (typeof checkStates)[number];

export type Part = 'probe' | 'evidence' | 'sign_off';

export interface Finding {
  readonly part: Part;
  readonly state: Exclude<CheckState, 'waived' | 'not_applicable'>;
}

/** When each part of a requirement stops counting, in the tier that the launch has now; null for what is not there. */
export function endsAt(
  requirement: Requirement,
  { result, evidence, signOff }: RequirementState,
  tier: Tier,
): Readonly<Record<Part, number | null>> {
  const { recertifyMs } = dutiesByTier[tier];
  const validForMs = requirement.verify.probe?.measure.validForMs[tier] ?? 0;
  return {
    probe: result === null ? null : result.measuredAt + validForMs,
    evidence: evidence === null ? null : Math.min(evidence.validUntilAt, evidence.attachedAt + recertifyMs),
    sign_off: signOff === null ? null : signOff.at + recertifyMs,
  };
}

/** Each part of a requirement's verification as it stands now, judged by the tier that the launch has now. */
export function findings(
  requirement: Requirement,
  state: RequirementState,
  tier: Tier,
  now: number,
): readonly Finding[] {
  const { probe, evidence, signOff } = requirement.verify;
  const ends = endsAt(requirement, state, tier);
  const isOver = (part: Part): boolean => (ends[part] ?? 0) <= now;
  const found: Finding[] = [];
  if (probe !== null) {
    const status = state.result === null ? 'not_reported' : judge(probe.measure, tier, state.result).status;
    const holds = status === 'pass' || status === 'warn';
    found.push({ part: 'probe', state: holds && isOver('probe') ? 'stale' : status });
  }
  if (evidence) {
    const held = isOver('evidence') ? 'stale' : 'pass';
    found.push({ part: 'evidence', state: state.evidence === null ? 'not_reported' : held });
  }
  if (signOff !== null) found.push({ part: 'sign_off', state: signatureState(state, isOver('sign_off')) });
  return found;
}

function signatureState({ signOff, revision }: RequirementState, isOver: boolean): Finding['state'] {
  if (signOff === null) return 'not_reported';
  if (signOff.choice === 'object') return 'fail';
  // A signature that was given for other evidence than there is now is void.
  return isOver || signOff.revision !== revision ? 'stale' : 'pass';
}

const rank = (finding: Finding): number => checkStates.indexOf(finding.state);

/** The worst part decides. */
export const worstFinding = (requirement: Requirement, state: RequirementState, tier: Tier, now: number): Finding =>
  findings(requirement, state, tier, now).reduce((worst, finding) => (rank(finding) > rank(worst) ? finding : worst));

/** True while a waiver covers the requirement: given, not expired, and allowed in the tier that the launch has now. */
export const isWaived = (requirement: Requirement, state: RequirementState, tier: Tier, now: number): boolean =>
  state.waiver !== null && state.waiver.expiresAt > now && isWaivable(requirement, tier);

/** True when a second person agreed that the requirement does not apply, and the tier lets people say so. */
const isNotApplicable = (requirement: Requirement, state: RequirementState, tier: Tier): boolean =>
  state.notApplicable !== null && state.notApplicable.approvedBy !== null && isWaivable(requirement, tier);

/**
 * The state of a requirement. What passes is shown as passing even under a waiver; what does not is `waived` while the
 * waiver holds, never `pass`.
 */
export function checkState(requirement: Requirement, state: RequirementState, tier: Tier, now: number): CheckState {
  if (isNotApplicable(requirement, state, tier)) return 'not_applicable';
  const worst = worstFinding(requirement, state, tier, now).state;
  if (worst === 'pass') return 'pass';
  return isWaived(requirement, state, tier, now) ? 'waived' : worst;
}
