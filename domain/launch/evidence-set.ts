import type { Requirement } from './catalogue.ts';
import type { Launch } from './launch.ts';
import type { RequirementState } from './launch-parts.ts';
import { requirementsOf } from './requirements.ts';

/**
 * What a sign-off of one requirement signs for, as text: its evidence and, where a person has to judge the measurement
 * too, the measurement's evidence. Results that Vigil takes over and over are left out: the gate itself watches those,
 * and a passing canary must not void what people have signed.
 */
function evidenceText(requirement: Requirement, state: RequirementState): string {
  const { probe, signOff } = requirement.verify;
  const measured = probe !== null && signOff !== null ? (state.result?.evidenceHash ?? '') : '';
  return `${requirement.id} ${state.evidence?.hash ?? ''} ${measured}`;
}

/** What whoever signs the launch signs for besides the evidence. */
const heading = (launch: Launch): string =>
  [
    `catalogue ${launch.catalogueVersion}`,
    `intake ${launch.intakeRevision}`,
    `tier ${launch.tier ?? ''}${launch.compressed ? ' compressed' : ''}`,
  ].join('\n');

/**
 * The whole evidence set as text, the same for the same set: sign-offs of the launch are bound to it. The caller hashes
 * it (SHA-256 of its UTF-8 bytes). It begins with the catalogue version, the answers' revision, the tier and whether the
 * launch is compressed: whoever signs, signs for those too.
 */
export function evidenceSetText(launch: Launch): string {
  const lines = requirementsOf(launch).map((requirement) => {
    const state = launch.requirements[requirement.id];
    return state === undefined ? requirement.id : evidenceText(requirement, state);
  });
  return [heading(launch), ...lines].join('\n');
}

/**
 * Raises the revisions of what changed between two states. A revision only rises, so a sign-off that was void never
 * comes back when the old evidence does.
 */
export function revise(before: Launch, after: Launch): Launch {
  // The requirements that apply follow from the answers, which the heading numbers.
  let changed = heading(before) !== heading(after);
  if (after.requirements === before.requirements && !changed) return after;
  const requirements = { ...after.requirements };
  for (const requirement of requirementsOf(after)) {
    const state = after.requirements[requirement.id];
    const old = before.requirements[requirement.id];
    if (state === undefined || old === undefined || state === old) continue;
    if (evidenceText(requirement, state) === evidenceText(requirement, old)) continue;
    requirements[requirement.id] = { ...state, revision: old.revision + 1 };
    changed = true;
  }
  return { ...after, requirements, evidenceRevision: before.evidenceRevision + (changed ? 1 : 0) };
}
