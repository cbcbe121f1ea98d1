import type { Facts } from './facts.ts';
import { signerRole } from './catalogue-v1.ts';
import type { AuditRow, GrantRow } from './rows.ts';

const launchRoles = [
  'launch_owner',
  'protection_scientist',
  'policy',
  'ops_lead',
  'investigator',
  'data_engineer',
  'engineer',
  'legal',
  'oncall_manager',
  'executive',
] as const;
const riskApprovers = ['policy', 'protection_scientist', 'ops_lead', 'executive'];
const reviewers = ['reviewer', 'sensitive_reviewer'];
const approvers = ['ops_lead', 'policy', 'legal'];
const reversers = [...approvers, ...reviewers];
const responders = ['responder', 'oncall_manager', 'ops_lead', 'admin'];
const steerers = [...reviewers, 'ops_lead', 'investigator', 'protection_scientist', 'responder'];
const scientists = ['protection_scientist', 'admin'];

/** Who may do what, by the names of the acts in the audit trail. Acts that are not listed are no decisions of a role. */
const rolesFor: Readonly<Record<string, readonly string[]>> = {
  'launch.answerIntake': ['launch_owner', 'protection_scientist'],
  'launch.assignRole': ['launch_owner', 'protection_scientist', 'ops_lead'],
  'launch.setTier': launchRoles,
  'launch.requestWaiver': launchRoles,
  'launch.requestNotApplicable': launchRoles,
  'launch.approveWaiver': riskApprovers,
  'launch.refuseWaiver': riskApprovers,
  'launch.revokeWaiver': riskApprovers,
  'launch.approveNotApplicable': riskApprovers,
  'launch.refuseNotApplicable': riskApprovers,
  'launch.advanceStage': ['launch_owner', 'protection_scientist', 'ops_lead'],
  'launch.release': ['protection_scientist', 'ops_lead', 'oncall_manager', 'executive'],
  'launch.abort': ['launch_owner', 'protection_scientist', 'ops_lead', 'oncall_manager', 'executive'],
  'launch.hold': [...launchRoles, 'responder'],
  'launch.overruleObjection': ['executive'],
  'launch.meetCondition': launchRoles,
  'case.decided': reviewers,
  'case.decisionRecorded': reviewers,
  'case.taskClaimed': reviewers,
  'case.contentShown': reviewers,
  'case.escalate': steerers,
  'case.merge': steerers,
  'enforcement.approve': approvers,
  'enforcement.refuse': approvers,
  'enforcement.makePermanent': approvers,
  'enforcement.settleByHand': approvers,
  'enforcement.reverse': reversers,
  'enforcement.retry': [...reversers, 'responder', 'engineer', 'oncall_manager', 'admin'],
  'escalation.acknowledge': responders,
  'escalation.unacknowledge': responders,
  'escalation.escalateNow': responders,
  'escalation.reassign': responders,
  'escalation.snooze': responders,
  'escalation.resolve': responders,
  'escalation.addResponder': responders,
  'escalation.stopOwnPages': responders,
  'escalation.moveToCurrentPolicy': responders,
  'detector.versionAdded': scientists,
  'detector.maturityChanged': scientists,
  'detector.versionRetired': scientists,
  'policy.versionPublished': ['policy', 'admin'],
  'product.killSwitchEngaged': ['ops_lead', 'protection_scientist', 'oncall_manager', 'responder', 'admin'],
  'product.killSwitchReleased': ['ops_lead', 'oncall_manager', 'admin'],
};

/** The roles of which one is needed for an act; null when it is no decision of a role. */
export function rolesNeeded(event: AuditRow, isSensitiveCase: boolean): readonly string[] | null {
  const said = (event.data as { readonly event?: { readonly role?: string; readonly requirementId?: string } }).event;
  if (event.action === 'launch.signOff') return [said?.role ?? ''];
  if (event.action === 'launch.signRequirement') return [signerRole(said?.requirementId ?? '') ?? ''];
  const roles = rolesFor[event.action] ?? null;
  return roles === reviewers && isSensitiveCase ? ['sensitive_reviewer'] : roles;
}

/** Who held which role when, for which team. */
export class Authority {
  private readonly byPerson: ReadonlyMap<string, readonly GrantRow[]>;
  private readonly slackMs: number;

  constructor({ grants, bounds }: Facts) {
    this.byPerson = Map.groupBy(grants, ({ principal_id: id }) => id);
    this.slackMs = bounds.slackMs;
  }

  /**
   * True when the person held one of the roles at that moment: for the team, for all teams, or with `null` for any team.
   * A revocation bears the time at which its transaction began: a request that was let in just before its commit counts.
   */
  held(personId: string, roles: readonly string[], teams: readonly string[] | null, at: number): boolean {
    return (this.byPerson.get(personId) ?? []).some(
      (grant) =>
        roles.includes(grant.role) &&
        grant.granted_at <= at &&
        (grant.revoked_at === null || grant.revoked_at > at - this.slackMs) &&
        (teams === null || grant.team_id === null || teams.includes(grant.team_id)),
    );
  }
}
