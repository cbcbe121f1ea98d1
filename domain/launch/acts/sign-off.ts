import { refused } from '../../machine.ts';
import type { Step } from '../../machine.ts';
import { dayMs } from '../../time.ts';
import { isHash } from '../check-result.ts';
import type { LaunchEffect, LaunchRequest } from '../events.ts';
import { stepTo, withState } from '../change.ts';
import type { Launch } from '../launch.ts';
import type { SignOff } from '../launch-parts.ts';
import { findRequirement } from '../requirements.ts';
import { actRefusal } from '../roles.ts';
import type { LaunchRole } from '../roles.ts';
import { isOwnEvidence, suppliedFor, wouldFillTooMany } from '../sign-offs.ts';

type Of<T extends LaunchRequest['type']> = Extract<LaunchRequest, { type: T }>;

const openConditionsMax = 10;
const conditionMaxMs = 90 * dayMs;

/** Who wants the launch and who watches it are each other's check: never one person. */
const apart: Readonly<Partial<Record<LaunchRole, LaunchRole>>> = {
  launch_owner: 'protection_scientist',
  protection_scientist: 'launch_owner',
};

/** Signs for one requirement, on the evidence that the signer saw. */
export function signRequirement(launch: Launch, event: Of<'signRequirement'>, now: number): Step<Launch, LaunchEffect> {
  const found = findRequirement(launch, event.requirementId);
  const role = found?.requirement.verify.signOff ?? null;
  const refusal = actRefusal(event.by, role === null ? [] : [role]);
  if (refusal?.code === 'decision.person_required') return refusal;
  if (found === null) return refused('launch.unknown_requirement');
  if (role === null) return refused('launch.sign_off_not_asked');
  if (refusal !== null) return refusal;
  const { requirement, state } = found;
  const { choice, revision, noteId, by } = event;
  if (choice === 'object' && noteId === null) return refused('launch.note_required');
  if (isOwnEvidence(state, by.id)) return refused('launch.own_evidence');
  if (revision !== state.revision) return refused('launch.evidence_changed', { revision: state.revision });
  const signOff = { personId: by.id, choice, at: now, revision, noteId };
  return stepTo(launch, withState(launch, requirement.id, { ...state, signOff }));
}

/**
 * Signs off the launch in one role. Bound to the evidence set that the signer saw: when it changes, the approval is
 * void. An objection needs a reason in writing and blocks; an approval with a condition creates something that is due.
 */
export function signOff(launch: Launch, event: Of<'signOff'>, now: number): Step<Launch, LaunchEffect> {
  const { role, choice, noteId, by } = event;
  const refusal = actRefusal(by, [role]);
  if (refusal !== null) return refusal;
  if (launch.tier === null) return refused('launch.intake_missing');
  const hasCondition = choice === 'approve_with_conditions';
  if ((choice === 'object' || hasCondition) && noteId === null) return refused('launch.note_required');
  const problem = signerProblem(launch, role, by.id) ?? (hasCondition ? conditionProblem(launch, event, now) : null);
  if (problem !== null) return refused(problem);
  if (event.evidenceRevision !== launch.evidenceRevision) {
    return refused('launch.evidence_changed', { evidenceRevision: launch.evidenceRevision });
  }
  if (!isHash(event.evidenceSetHash)) return refused('launch.evidence_invalid');
  const given: SignOff = {
    personId: by.id,
    choice,
    at: now,
    revision: launch.evidenceRevision,
    evidenceSetHash: event.evidenceSetHash,
    noteId,
    overruled: null,
  };
  const signed: Launch = { ...launch, signOffs: { ...launch.signOffs, [role]: given } };
  if (!hasCondition || noteId === null || event.conditionDueAt === null) return stepTo(launch, signed);
  const id = `condition-${launch.conditionsGiven + 1}`;
  const condition = { id, role, personId: by.id, noteId, dueAt: event.conditionDueAt, told: false };
  const conditions = [...launch.conditions, condition];
  return stepTo(launch, { ...signed, conditions, conditionsGiven: launch.conditionsGiven + 1 }, [], {
    conditionId: id,
  });
}

function signerProblem(launch: Launch, role: LaunchRole, personId: string) {
  if (suppliedFor(launch, role, personId)) return 'launch.own_evidence' as const;
  const counterpart = apart[role];
  const signedThere = counterpart !== undefined && launch.signOffs[counterpart]?.personId === personId;
  if (signedThere) return 'launch.same_person' as const;
  return wouldFillTooMany(launch, personId, role) ? ('launch.too_many_roles' as const) : null;
}

function conditionProblem(launch: Launch, { conditionDueAt }: Of<'signOff'>, now: number) {
  if (conditionDueAt === null || !Number.isSafeInteger(conditionDueAt)) return 'launch.condition_invalid' as const;
  if (conditionDueAt <= now || conditionDueAt > now + conditionMaxMs) return 'launch.condition_invalid' as const;
  return launch.conditions.length >= openConditionsMax ? ('launch.too_many_conditions' as const) : null;
}

/** Says in writing that a condition is met. Only the role that set it can say so. */
export function meetCondition(launch: Launch, event: Of<'meetCondition'>): Step<Launch, LaunchEffect> {
  const condition = launch.conditions.find(({ id }) => id === event.conditionId);
  const refusal = actRefusal(event.by, condition === undefined ? [] : [condition.role]);
  if (refusal?.code === 'decision.person_required') return refusal;
  if (condition === undefined) return refused('launch.unknown_condition');
  if (refusal !== null) return refusal;
  return stepTo(launch, { ...launch, conditions: launch.conditions.filter(({ id }) => id !== condition.id) });
}

/** Lets the launch go on over an objection: by an executive who did not object, in writing, shown on every report. */
export function overruleObjection(
  launch: Launch,
  event: Of<'overruleObjection'>,
  now: number,
): Step<Launch, LaunchEffect> {
  const { role, noteId, by } = event;
  const refusal = actRefusal(by, ['executive']);
  if (refusal !== null) return refusal;
  const objection = launch.signOffs[role];
  if (objection?.choice !== 'object') return refused('launch.no_objection');
  if (objection.personId === by.id) return refused('launch.same_person');
  const overruled = { personId: by.id, noteId, at: now, revision: launch.evidenceRevision };
  return stepTo(launch, { ...launch, signOffs: { ...launch.signOffs, [role]: { ...objection, overruled } } });
}
