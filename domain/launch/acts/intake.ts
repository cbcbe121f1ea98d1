import { refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { requirementsOf, scopeOf } from '../requirements.ts';
import { stepTo } from '../change.ts';
import { withHold } from '../holds.ts';
import { intakeStanding } from '../intake-standing.ts';
import { unknown } from '../intake-fields.ts';
import { validateIntake } from '../intake.ts';
import type { LaunchEffect, LaunchRequest } from '../events.ts';
import type { Launch } from '../launch.ts';
import { startRuns } from '../runs.ts';
import { actRefusal } from '../roles.ts';
import { wouldFillTooMany } from '../sign-offs.ts';
import { basisOf, tierOf } from './tier.ts';

type Of<T extends LaunchRequest['type']> = Extract<LaunchRequest, { type: T }>;

/** Measurements of the answers themselves: an earlier result says nothing about new answers. */
const measuresAnswers = ['intake_complete', 'owner_resolves', 'harm_matrix'];

/** Takes the answers: computes the tier, lays down the requirements and measures what can be measured. */
export function answerIntake(launch: Launch, event: Of<'answerIntake'>, now: number): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, ['launch_owner', 'protection_scientist']);
  if (refusal !== null) return refusal;
  const { intake } = event;
  const problems = validateIntake(intake);
  if (problems.length > 0)
    return refused('launch.intake_invalid', { problems: problems.map((problem) => ({ ...problem })) });
  const { ownerPersonId, deputyPersonId } = intake.ownership;
  if (ownerPersonId !== unknown && wouldFillTooMany(launch, ownerPersonId, 'launch_owner')) {
    return refused('launch.too_many_roles', { personId: ownerPersonId });
  }
  const people =
    ownerPersonId === unknown
      ? launch.people
      : {
          ...launch.people,
          launch_owner: { personId: ownerPersonId, deputyPersonId: deputyPersonId === unknown ? null : deputyPersonId },
        };
  const isChanged = launch.intake === null || JSON.stringify(launch.intake) !== JSON.stringify(intake);
  const isComplete = intakeStanding(intake).open === 0;
  const basis = basisOf(launch.tierBasis, intake);
  const tier = tierOf(basis);
  const answered: Launch = {
    ...launch,
    people,
    phase: launch.phase === 'intake' ? 'readiness' : launch.phase,
    intakeCompleteAt: launch.intakeCompleteAt ?? (isComplete ? now : null),
    tierBasis: basis,
  };
  const scope = scopeOf(answered, intake, tier, now);
  const grown = launch.intake !== null && scope.capabilities.join() !== launch.capabilities.join();
  const scoped: Launch = {
    ...answered,
    ...scope,
    intake,
    intakeRevision: launch.intakeRevision + (isChanged ? 1 : 0),
    tier,
    requirements: isChanged ? withoutAnswerResults({ ...answered, ...scope, intake }) : scope.requirements,
  };
  const held =
    grown && launch.stage !== null
      ? withHold(scoped, { reason: 'capability_changed', heldBy: null, refId: null, noteId: null }, now)
      : { launch: scoped, effects: [] };
  const run = startRuns(held.launch, now);
  return stepTo(launch, run.launch, [...held.effects, ...run.effects], {
    tier,
    score: basis.computed.score,
    requirements: requirementsOf(scoped).length,
    openAnswers: intakeStanding(intake).open,
    compressed: scoped.compressed,
  });
}

function withoutAnswerResults(launch: Launch): Launch['requirements'] {
  const requirements = { ...launch.requirements };
  for (const { id, verify } of requirementsOf(launch)) {
    const state = requirements[id];
    if (state !== undefined && verify.probe !== null && measuresAnswers.includes(verify.probe.name)) {
      requirements[id] = { ...state, result: null };
    }
  }
  return requirements;
}

/** Says who fills a role and who is asked when that person stays silent. */
export function assignRole(launch: Launch, event: Of<'assignRole'>): Step<Launch, LaunchEffect> {
  const refusal = actRefusal(event.by, ['launch_owner', 'protection_scientist', 'ops_lead']);
  if (refusal !== null) return refusal;
  const { role, personId, deputyPersonId } = event;
  if (wouldFillTooMany(launch, personId, role)) return refused('launch.too_many_roles', { personId });
  return stepTo(launch, { ...launch, people: { ...launch.people, [role]: { personId, deputyPersonId } } });
}
