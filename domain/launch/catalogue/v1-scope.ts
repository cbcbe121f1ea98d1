import { dayMs } from '../../time.ts';
import { allOf, atMost, both, evidence, probe, requirement, signOff, upToT1, upToT2 } from './row.ts';

/** Scope and governance: what is launched, what could go wrong, who answers for it. */
export const scopeRequirements = [
  requirement({
    id: 'SC-01',
    title: 'The intake is complete',
    condition: 'Every question is answered, no answer is unknown, and no two answers contradict each other.',
    verify: probe(
      'intake_complete',
      atMost(0, 'count', 'unknown or contradicting answers among all answers', {
        minPopulation: 30,
        validForMs: 365 * dayMs,
      }),
    ),
    owner: 'launch_owner',
    dueDays: 45,
  }),
  requirement({
    id: 'SC-02',
    title: 'Misuse stories are written',
    condition:
      'At least ten stories say who would do what harm, on which path and with which trace; protection science agrees with them. Tiers below T1 may have fewer.',
    verify: both(evidence, signOff('protection_scientist')),
    owner: 'protection_scientist',
    blocks: upToT2,
    dueDays: 35,
  }),
  requirement({
    id: 'SC-03',
    title: 'Each harm in scope has a detector',
    condition:
      'Every harm of severity 1 to 3 is covered by a detector at the level of the tier, or its gap is accepted; severity 1 and 2 are covered for single accounts and for clusters.',
    verify: probe('harm_matrix', allOf('harms of severity 1 to 3 in scope that are covered'), true),
    owner: 'protection_scientist',
    dueDays: 21,
  }),
  requirement({
    id: 'SC-04',
    title: 'Policy covers each harm in scope',
    condition: 'There is policy text with examples and a ladder of actions for every harm in scope, and policy agrees.',
    verify: both(evidence, signOff('policy')),
    owner: 'policy',
    blocks: upToT2,
    dueDays: 30,
  }),
  requirement({
    id: 'SC-05',
    title: 'The legal screen is recorded',
    condition:
      'Legal has recorded whether systemic-risk, significant-change, age and reporting duties apply, and what follows.',
    verify: signOff('legal'),
    owner: 'legal',
    blocks: upToT1,
    dueDays: 30,
  }),
  requirement({
    id: 'SC-06',
    title: 'The people in charge can be reached',
    condition: 'Owner, deputy, team and pager target all resolve to active people.',
    verify: probe(
      'owner_resolves',
      allOf('of owner, deputy, team and pager target that resolve to an active person', { minPopulation: 4 }),
    ),
    owner: 'launch_owner',
    dueDays: 30,
  }),
  requirement({
    id: 'GV-01',
    title: 'What risk remains is accepted by name',
    condition:
      'Remaining risks are listed and each of severity 1 or 2 is accepted by a named person until a date; the rollout plan has limits for hold and abort; the dates of watch and recertification are set.',
    verify: both(
      probe('residual_risk', allOf('remaining risks of severity 1 and 2 with an acceptance that has not expired')),
      signOff('protection_scientist'),
    ),
    owner: 'launch_owner',
    dueDays: 3,
  }),
];
