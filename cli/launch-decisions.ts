import { tiers } from '#domain/launch/tier.ts';
import { launchRoles } from '#domain/launch/roles.ts';
import { resultStatuses } from '#domain/launch/check-result.ts';
import { abortReasons, holdReasons, notApplicableReasons, waiverReasons } from '#domain/launch/launch-parts.ts';
import { note } from './decisions.ts';
import type { Decision, Field } from './decisions.ts';

const requirement: Field = { flag: '--requirement <id>', text: 'as RS-04', field: 'requirementId' };
const waiver: Field = { flag: '--waiver <id>', text: 'which', field: 'waiverId' };
const role: Field = { flag: '--role <role>', text: 'which role', field: 'role', of: launchRoles };

/** What people do to a launch, one entry for each request of its machine but `answer` and `sign-off`, which are longer. */
export const launchDecisions: readonly Decision[] = [
  {
    name: 'assign-role',
    resource: 'role-assignments',
    text: 'say who answers for what',
    fields: [
      role,
      { flag: '--person <id>', text: 'who', field: 'personId' },
      { flag: '--deputy <id>', text: 'who stands in', field: 'deputyPersonId' },
    ],
  },
  {
    name: 'set-tier',
    resource: 'tier-changes',
    text: 'raise the tier at once, or agree to lower it',
    fields: [{ flag: '--to <tier>', text: 'the tier', field: 'to', of: tiers }, note],
  },
  {
    name: 'evidence',
    resource: 'evidence',
    text: 'attach evidence: where it is kept, and its hash',
    fields: [
      requirement,
      { flag: '--reference <text>', text: 'where it is kept: a document or ticket', field: 'reference' },
      { flag: '--sha256 <hex>', text: 'its SHA-256', field: 'sha256' },
      { flag: '--valid-until <time>', text: 'an instant, or from now: 90d', field: 'validUntil', kind: 'instant' },
      { flag: '--collected-by <id>', text: 'who collected it; you without it', field: 'collectedBy' },
    ],
  },
  {
    name: 'report-check',
    resource: 'check-results',
    text: 'report a measurement that was made elsewhere',
    fields: [
      requirement,
      {
        flag: '--result <json>',
        text: `status (${resultStatuses.join(', ')}), observed, threshold, population, windowMs, evidenceHash`,
        field: 'result',
        kind: 'json',
      },
    ],
  },
  { name: 'run-checks', resource: 'check-runs', text: 'measure now all that Vigil measures itself' },
  {
    name: 'sign-requirement',
    resource: 'requirement-sign-offs',
    text: 'sign one requirement at the revision that you saw',
    fields: [
      requirement,
      { flag: '--choice <choice>', text: 'approve or object', field: 'choice', of: ['approve', 'object'] },
      { flag: '--revision <n>', text: 'as the readiness page shows it', field: 'revision', kind: 'number' },
      note,
    ],
  },
  {
    name: 'meet-condition',
    resource: 'conditions-met',
    text: 'a condition of a sign-off is met',
    fields: [{ flag: '--condition <id>', text: 'which', field: 'conditionId' }, note],
  },
  {
    name: 'overrule',
    resource: 'objection-overrulings',
    text: 'overrule the objection of a role',
    fields: [role, note],
  },
  {
    name: 'waive',
    resource: 'waivers',
    text: 'ask for a waiver; another person must approve it',
    fields: [
      requirement,
      { flag: '--reason <code>', text: 'why', field: 'reasonCode', of: waiverReasons },
      { flag: '--days <n>', text: 'how long it holds', field: 'days', kind: 'number' },
      note,
    ],
  },
  {
    name: 'approve-waiver',
    resource: 'waiver-approvals',
    text: 'approve a waiver that another person asked for',
    fields: [waiver],
  },
  { name: 'refuse-waiver', resource: 'waiver-refusals', text: 'refuse a waiver', fields: [waiver] },
  { name: 'revoke-waiver', resource: 'waiver-revocations', text: 'end a waiver now', fields: [waiver] },
  {
    name: 'not-applicable',
    resource: 'not-applicable-requests',
    text: 'say that a requirement does not apply; another person must agree',
    fields: [
      requirement,
      { flag: '--reason <code>', text: 'why', field: 'reasonCode', of: notApplicableReasons },
      note,
    ],
  },
  {
    name: 'approve-not-applicable',
    resource: 'not-applicable-approvals',
    text: 'agree that it does not apply',
    fields: [requirement],
  },
  {
    name: 'refuse-not-applicable',
    resource: 'not-applicable-refusals',
    text: 'disagree: it applies',
    fields: [requirement],
  },
  {
    name: 'advance',
    resource: 'stages',
    text: 'open the next stage; refused with reasons while the gate is shut',
    fields: [{ flag: '--to <stage>', text: '1, 10, 50, 100 or sustained', field: 'to', kind: 'stage' }],
  },
  { name: 'hold', resource: 'holds', text: 'hold the rollout', fields: [note] },
  {
    name: 'release',
    resource: 'releases',
    text: 'release one hold that you have seen',
    fields: [
      { flag: '--reason <code>', text: 'the hold', field: 'reason', of: holdReasons },
      {
        flag: '--seen-count <n>',
        text: 'how often it had come up, as the readiness page shows it',
        field: 'seenCount',
        kind: 'number',
      },
      note,
    ],
  },
  {
    name: 'abort',
    resource: 'aborts',
    text: 'end the launch for good',
    fields: [{ flag: '--reason <code>', text: 'why', field: 'reasonCode', of: abortReasons }, note],
  },
];
