import type { Authority } from './authority.ts';
import type { Facts } from './facts.ts';
import type { Findings } from './findings.ts';
import { chainsOf, nameOf, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import type { Launch, RequirementState } from './launch-state.ts';

type Moment = (event: { readonly cause: string | null; readonly at: number }) => number;

/** Where a launch needs two people: waivers, what does not apply, a lower tier, overruled objections, one's own evidence. */
export function checkLaunchPairs(facts: Facts, authority: Authority, momentOf: Moment, found: Findings): void {
  found.each(chainsOf(facts, 'launch'), nameOf, (chain) => {
    const steps = stepsOf<Launch>(chain);
    for (const step of steps) {
      const differ = (what: string, first: unknown, second: unknown): void => {
        found.saw('second people');
        if (first === second) found.breach(nameOf(chain), `${what} by one person: ${String(first)}`, step.recordedAt);
      };
      checkRequirement(step, differ);
      checkSignOff(step, differ);
      checkLowering(steps, step);
    }

    function checkLowering(all: readonly Step<Launch>[], step: Step<Launch>): void {
      const change = step.state.tierBasis?.change ?? null;
      const isNew = change !== null && change.at !== step.before?.tierBasis?.change?.at;
      if (!isNew || change.kind !== 'lowered') return;
      found.saw('second people');
      const acts = all.filter(({ seq, event }) => event.type === 'setTier' && seq <= step.seq);
      const held = (personId: string | undefined, role: string): boolean =>
        acts.some(
          ({ actorId, cause, recordedAt }) =>
            actorId === personId && authority.held(actorId, [role], null, momentOf({ cause, at: recordedAt })),
        );
      const [first, second] = change.by;
      const agreed =
        first !== second &&
        ((held(first, 'policy') && held(second, 'protection_scientist')) ||
          (held(second, 'policy') && held(first, 'protection_scientist')));
      if (!agreed)
        found.breach(nameOf(chain), 'the tier was lowered without policy and protection science', step.recordedAt);
    }
  });
}

type Differ = (what: string, first: unknown, second: unknown) => void;

function checkRequirement({ event, before, state, actorId }: Step<Launch>, differ: Differ): void {
  for (const [id, requirement] of Object.entries(state.requirements)) {
    const old = before?.requirements[id];
    const { waiver, notApplicable } = requirement;
    if (waiver !== null && waiver.waiverId !== old?.waiver?.waiverId) {
      differ(`${id} was waived`, waiver.requestedBy, waiver.approvedBy);
    }
    if (notApplicable?.approvedBy && notApplicable.approvedBy !== old?.notApplicable?.approvedBy) {
      differ(`${id} was called not applicable`, notApplicable.requestedBy, notApplicable.approvedBy);
    }
    if (event.type === 'signRequirement' && event['requirementId'] === id) {
      for (const supplier of suppliersOf(old)) differ(`${id} was signed on own evidence`, supplier, actorId);
    }
  }
}

const suppliersOf = (requirement: RequirementState | undefined): (string | undefined)[] =>
  requirement === undefined
    ? []
    : [
        ...(requirement.evidence === null ? [] : [requirement.evidence.collectedBy, requirement.evidence.attachedBy]),
        ...(requirement.result?.reportedBy ? [requirement.result.reportedBy.id] : []),
      ];

function checkSignOff({ event, state }: Step<Launch>, differ: Differ): void {
  if (event.type === 'signOff') {
    const { launch_owner: owner, protection_scientist: scientist } = state.signOffs;
    if (owner && scientist) differ('launch owner and protection science signed', owner.personId, scientist.personId);
  }
  if (event.type === 'overruleObjection') {
    const objection = state.signOffs[String(event['role'])];
    differ('an objection was overruled', objection?.personId, objection?.overruled?.personId);
  }
}
