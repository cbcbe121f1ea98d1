import { launchId } from './launch.ts';
import { caseId, orderId } from './review.ts';
import { after, people, teamId } from './setting.ts';
import { broken, event, rewrite, setState, stamp } from './mutate.ts';
import type { Mutation } from './mutate.ts';

const requirement = (id: string, path: string, value: unknown): string =>
  rewrite(launchId, `state,requirements,${id},${path}`, value, 'version >= 3');

/** Who decided, and on what: I6 and I8. */
export const decisionMutations: readonly Mutation[] = [
  broken(
    'I6',
    /escalation.acknowledge .* held none of/,
    `UPDATE role_grants SET revoked_at = ${stamp(170)} WHERE principal_id = '${people.second.id}'`,
  ),
  broken(
    'I6',
    /launch.advanceStage .* held none of/,
    `UPDATE role_grants SET granted_at = ${stamp(769.5)} WHERE principal_id = '${people.owner.id}'`,
  ),
  broken(
    'I6',
    /case.decided .* held none of/,
    `INSERT INTO teams (id, key, name, created_at) VALUES ('tea_x', 'other', 'other', ${stamp(-90_000)})`,
    `UPDATE role_grants SET team_id = 'tea_x' WHERE team_id = '${teamId}' AND role = 'reviewer'`,
  ),
  broken(
    'I6',
    /recorded with roles .* did not hold: admin/,
    event('enforcement.approve', `actor_roles = '{admin,ops_lead}'`),
  ),
  broken('I6', /was decided by a service/, event('case.decided', `actor_kind = 'service'`)),
  broken('I6', /who is no person/, event('case.decided', `actor_id = 'per_unknown'`)),
  broken('I6', /held none of: sensitive_reviewer/, setState('cases', caseId, 'sensitive', true)),
  broken('I6', /who was no sensitive_reviewer/, `UPDATE decisions SET decided_as_role = 'sensitive_reviewer'`),
  broken(
    'I6',
    /DT-09 was waived by one person/,
    rewrite(launchId, 'state,requirements,DT-09,waiver,approvedBy', people.owner.id, 'version >= 5'),
  ),
  broken(
    'I6',
    /GV-01 was signed on own evidence/,
    rewrite(launchId, 'state,requirements,GV-01,result,reportedBy', { id: people.scientist.id }, 'version >= 3'),
  ),
  broken(
    'I6',
    /launch owner and protection science signed by one person/,
    rewrite(launchId, 'state,signOffs,launch_owner,personId', people.scientist.id, 'version >= 7'),
  ),
  broken(
    'I6',
    /the tier was lowered without/,
    rewrite(launchId, 'state,tierBasis', { change: { kind: 'lowered', by: [people.owner.id], at: 1 } }, 'version >= 4'),
  ),
  broken('I6', /approve by who decided it/, event('enforcement.approve', `actor_id = '${people.other.id}'`)),
  broken('I6', /applied without a second person/, rewrite(orderId, 'event,type', 'due', 'version = 2')),
  broken(
    'I6',
    /one person for the decision and the approval/,
    `ALTER TABLE enforcement_orders DROP CONSTRAINT enforcement_orders_four_eyes`,
    `UPDATE enforcement_orders SET approved_by = decided_by`,
  ),
  broken(
    'I6',
    /decided by who asked for it/,
    `ALTER TABLE waivers DROP CONSTRAINT waivers_four_eyes`,
    `UPDATE waivers SET decided_by = requested_by`,
  ),
  broken('I8', /SC-01: it was measured on nothing/, requirement('SC-01', 'result,population', 0)),
  broken('I8', /SC-01: it was measured on nothing/, requirement('SC-01', 'result,observed', null)),
  broken('I8', /SC-01: nothing was measured/, requirement('SC-01', 'result', null)),
  broken('I8', /says warn/, requirement('RE-02', 'result,status', 'warn')),
  broken('I8', /on too little/, requirement('DT-02', 'result,population', 44)),
  broken('I8', /too short a time/, requirement('DA-02', 'result,windowMs', 1)),
  broken('I8', /beyond the threshold/, requirement('RS-03', 'result,observed', 1)),
  broken('I8', /beyond the threshold/, requirement('RS-03', 'result,threshold', -1)),
  broken('I8', /its measurement had expired/, requirement('SC-03', 'result,measuredAt', after(770 - 7 * 86_400))),
  broken('I8', /its evidence had expired/, requirement('DA-05', 'evidence,validUntilAt', after(770))),
  broken('I8', /there is no evidence/, requirement('DA-05', 'evidence', null)),
  broken('I8', /nobody signed for it/, requirement('GV-01', 'signOff', null)),
  broken('I8', /signed on other evidence/, requirement('GV-01', 'revision', 1)),
  broken(
    'I8',
    /DT-09: nothing was measured/,
    rewrite(launchId, 'state,requirements,DT-09,waiver,expiresAt', after(769), 'version >= 5'),
  ),
  broken(
    'I8',
    /DT-09: nothing was measured/,
    rewrite(launchId, 'state,requirements,DT-09,waiver,approvedBy', people.owner.id, 'version >= 5'),
  ),
  broken(
    'I8',
    /does not show what was waived/,
    rewrite(launchId, 'state,openings,0,waived', [], `action = 'launch.advanceStage'`),
  ),
  broken(
    'I8',
    /shows 15 passed checks and 14 had passed/,
    rewrite(launchId, 'state,openings,0,passed', 15, `action = 'launch.advanceStage'`),
  ),
  broken(
    'I8',
    /protection_scientist had not approved/,
    rewrite(launchId, 'state,signOffs,protection_scientist,revision', 9, 'version >= 8'),
  ),
  broken(
    'I8',
    /legal objected/,
    rewrite(launchId, 'state,signOffs,legal', { choice: 'object', revision: 0, overruled: null }, 'version >= 8'),
  ),
  broken('I8', /was on hold/, rewrite(launchId, 'state,heldSinceAt', 1, 'version >= 8')),
  broken('I8', /due opened a stage/, rewrite(launchId, 'event,type', 'due', `action = 'launch.advanceStage'`)),
  broken('I8', /was never asked for/, `UPDATE audit_events SET data = data #- '{state,requirements,RE-07}'`),
  broken(
    'I8',
    /DT-09 is waived and listed as pass/,
    `UPDATE launch_requirements SET state = 'pass' WHERE requirement_id = 'DT-09'`,
  ),
  broken(
    'I8',
    /SC-05 is listed as pass although/,
    `UPDATE launch_requirements SET state = 'pass' WHERE requirement_id = 'SC-05'`,
  ),
  broken('I8', /RE-07 applies and is not listed/, `DELETE FROM launch_requirements WHERE requirement_id = 'RE-07'`),
  broken('I8', /is listed as not blocking/, `UPDATE launch_requirements SET blocking = false`),
];
