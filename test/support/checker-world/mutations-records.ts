import { deliveryIds } from './escalations.ts';
import { launchId } from './launch.ts';
import { caseId } from './review.ts';
import { people } from './setting.ts';
import { marker } from './world.ts';
import { broken, event, json, line, pageStarted, rewrite, stamp, withLogs } from './mutate.ts';
import type { Mutation } from './mutate.ts';

/** What is written down: I3, I9 and I10. */
export const recordMutations: readonly Mutation[] = [
  broken('I3', /decisions .* has 0 audit events/, event('case.decided', `action = 'case.other'`)),
  broken('I3', /pages .* no such row/, `DELETE FROM deliveries WHERE kind = 'resolved'`),
  broken('I3', /pages .* has 0 audit events/, `DELETE FROM audit_events WHERE ${pageStarted(deliveryIds[0])}`),
  broken(
    'I3',
    /pages .* has 2 audit events/,
    event('escalation.resolvedNoticeStarted', `data = '{"deliveryId":"${deliveryIds[0]}"}'`),
  ),
  broken('I3', /acknowledge has 0 audit events/, event('escalation.acknowledge', 'cause = NULL')),
  broken(
    'I3',
    /escalateNow.refused has 0 audit events/,
    `DELETE FROM audit_events WHERE action = 'escalation.escalateNow.refused'`,
  ),
  broken('I3', /caused by a command that is not there/, event('escalation.acknowledge', `cause = 'cmd_unknown'`)),
  broken(
    'I3',
    /which asked for approve/,
    event('escalation.acknowledge', `cause = (SELECT id FROM commands WHERE name = 'approve')`),
  ),
  broken('I3', /is recorded for/, event('escalation.acknowledge', `actor_id = '${people.first.id}'`)),
  broken('I3', /its refusal has 0 audit events/, event('case.taskClaimed.refused', 'request_id = NULL')),
  broken('I3', /version 2 has no audit event/, `DELETE FROM audit_events WHERE version = 2`),
  broken('I3', /it is at version 7/, `UPDATE launches SET version = 7`),
  broken(
    'I3',
    /the 10 % stage has 0 audit events/,
    `INSERT INTO stages VALUES ('${launchId}', 10, '${people.owner.id}', now())`,
  ),
  broken('I3', /sign-off .* has 0 audit events/, `UPDATE sign_offs SET decided_by = '${people.lead.id}'`),
  broken(
    'I3',
    /approveWaiver .* has 0 audit events/,
    event('launch.approveWaiver', `data = data - 'event' || '{"event":{"type":"revokeWaiver"}}'`),
  ),
  broken(
    'I3',
    /role_grants .* has 0 audit events/,
    `INSERT INTO role_grants (id, principal_id, role, granted_at) VALUES ('grt_x', '${people.first.id}', 'admin', ${stamp(50)})`,
  ),
  broken(
    'I3',
    /kill_switches .* the row does not show it/,
    `UPDATE kill_switches SET released_at = NULL, released_by = NULL`,
  ),
  broken('I9', /event 6 was changed/, event('case.taskClaimed.refused', `reason = 'task.lease'`)),
  broken('I9', /event 2 is missing/, `DELETE FROM audit_events WHERE seq = 2`),
  broken('I9', /does not follow the one before it/, event('case.contentShown', `prev_hash = repeat('0', 64)`)),
  broken(
    'I9',
    /its chain ends at 1, and its head says 2/,
    `DELETE FROM audit_events WHERE action = 'product.killSwitchReleased'`,
  ),
  broken('I9', /its head is there, and its events are not/, `DELETE FROM audit_events WHERE aggregate_kind = 'canary'`),
  broken('I9', /its chain has no head/, `DELETE FROM audit_heads`),
  broken('I9', /launch .* its status is not/, `UPDATE launches SET status = 'watch'`),
  broken('I9', /launch .* its stage_percent is not/, `UPDATE launches SET stage_percent = 10`),
  broken('I9', /case .* its isClosed is not/, `UPDATE cases SET closed_at = now()`),
  broken('I9', /enforcement .* its ends_at is not/, `UPDATE enforcement_orders SET ends_at = now()`),
  broken(
    'I9',
    /escalation .* its acknowledged_by is not/,
    `UPDATE escalations SET acknowledged_by = '${people.first.id}' WHERE acknowledged_by IS NOT NULL`,
  ),
  broken('I9', /canary .* its state is not/, `UPDATE canary_runs SET state = state || '{"passed":true}'`),
  broken(
    'I10',
    /table audit_events: marker 1 occurs 1 times/,
    `UPDATE audit_events SET reason = '${marker}' WHERE action = 'case.decided'`,
  ),
  broken('I10', /table launches: marker 1/, `UPDATE launches SET state = state || ${json({ text: marker })}`),
  broken('I10', /holds text at \/event\/text/, rewrite(caseId, 'event,text', 'two words')),
  broken('I10', /its input holds an address/, `UPDATE commands SET input = '{"to":"a@example.org"}'`),
  broken('I10', /holds a long text/, rewrite(caseId, 'state,hash', 'x'.repeat(301))),
  broken(
    'I10',
    /shaped like a secret at \/detail\/token/,
    rewrite(caseId, 'detail,token', `vgl_${'a'.repeat(43)}`, `action = 'case.taskClaimed.refused'`),
  ),
  withLogs('I10', /worker.ndjson: something shaped like a secret/, ({ worker }) =>
    worker.push({ msg: 'postgres://vigil:hunter2@127.0.0.1/vigil' }),
  ),
  withLogs('I10', /worker.ndjson: marker 1/, ({ worker }) => worker.push({ msg: `said ${marker}` })),
  withLogs('I10', /phones.ndjson: marker 1/, ({ phones }) => (line(phones, 1)['title'] = marker)),
];
