import { deliveryIds, escalationId, exhaustedId } from './escalations.ts';
import { after, people } from './setting.ts';
import { at, broken, line, pageStarted, rewrite, setState, stamp, withLogs } from './mutate.ts';
import type { Mutation } from './mutate.ts';

/** Leaves the second page to another message, which tells of all. */
const bundle = (into: string | undefined): string =>
  `UPDATE deliveries SET names = ARRAY['${escalationId}'],
     status = CASE id WHEN '${deliveryIds[1]}' THEN 'bundled' ELSE status END,
     bundled_into = CASE id WHEN '${deliveryIds[1]}' THEN '${into}' END`;

/** Alerts, pages and rungs: I1, I4 and I5. */
export const pagingMutations: readonly Mutation[] = [
  broken('I1', /belongs to no escalation/, `UPDATE alert_events SET escalation_id = NULL WHERE action = 'trigger'`),
  broken('I1', /ended as dropped/, `UPDATE alert_events SET disposition = 'dropped'`),
  broken('I1', /about something else/, `UPDATE alert_events SET dedup_key = 'other'`),
  broken('I1', /it counts 0 triggers/, `UPDATE escalations SET alert_count = 0`),
  broken('I1', /opened nothing/, `UPDATE escalations SET last_trigger_seq = 9`),
  broken(
    'I1',
    /its escalation goes on/,
    `UPDATE alert_events SET escalation_id = '${exhaustedId}', dedup_key = 'network' WHERE action = 'resolve'`,
  ),
  broken(
    'I1',
    /triggered, and its next step was due/,
    setState('escalations', exhaustedId, 'status', 'triggered'),
    setState('escalations', exhaustedId, 'walk,deadlineAt', after(400)),
  ),
  broken('I1', /waits for nothing/, setState('escalations', exhaustedId, 'status', 'triggered')),
  broken(
    'I1',
    /a maintenance window that is not there/,
    setState('escalations', exhaustedId, 'status', 'held'),
    setState('escalations', exhaustedId, 'maintenance', [{ windowId: 'mnt_1', untilAt: after(90_000) }]),
  ),
  broken('I1', /no rule is named/, setState('escalations', exhaustedId, 'status', 'held')),
  broken('I1', /nothing says why/, setState('escalations', escalationId, 'resolution', null)),
  broken('I1', /nobody was ever paged/, `DELETE FROM deliveries WHERE escalation_id = '${exhaustedId}'`),
  broken(
    'I1',
    /what became of a page is not known/,
    setState('escalations', exhaustedId, 'pages,0,result', 'in_flight'),
  ),
  broken(
    'I1',
    /without asking for the catch-all/,
    rewrite(exhaustedId, 'state,happened,2,because', 'added_responder', 'version = 3'),
  ),
  broken('I1', /the catch-all person was not paged/, rewrite(exhaustedId, 'state,happened', [], 'version > 3')),
  broken('I1', /never delivered/, `UPDATE commands SET status = 'pending' WHERE name = 'open'`),
  broken('I1', /no workflow has recorded anything/, `UPDATE launches SET version = 0, state = NULL`),
  broken('I4', /started after it was stopped/, `UPDATE audit_events SET seq = 99 WHERE ${pageStarted(deliveryIds[1])}`),
  broken(
    'I4',
    /nothing had ordered it/,
    rewrite(escalationId, 'state,happened', [], `action = 'escalation.rungResolved'`),
  ),
  broken(
    'I4',
    /was paged while it was acknowledged/,
    rewrite(
      escalationId,
      'state,happened',
      [{ what: 'paged', key: 'page:9', personId: people.first.id }],
      `action = 'escalation.acknowledge'`,
    ),
  ),
  broken(
    'I4',
    /a rung was asked .* while it was acknowledged/,
    rewrite(
      escalationId,
      'state,happened',
      [{ what: 'rung_asked', because: 'rung', pass: 1, rung: 0 }],
      `action = 'escalation.acknowledge'`,
    ),
  ),
  broken(
    'I4',
    /sourceChanged began to page again/,
    rewrite(escalationId, 'state,status', 'triggered', `action = 'escalation.sourceChanged'`),
  ),
  broken(
    'I4',
    /started while it was acknowledged/,
    `DELETE FROM audit_events WHERE ${pageStarted(deliveryIds[1])}`,
    `UPDATE deliveries SET started_at = ${stamp(190)} WHERE id = '${deliveryIds[1]}'`,
  ),
  withLogs('I4', /arrived 59000 ms after it was stopped/, ({ phones }) => (line(phones, 2)['at'] = at(240))),
  withLogs(
    'I4',
    /the ledger has no such row/,
    ({ phones }) => (line(phones, 1)['page'] = { deliveryId: 'dlv_x', escalationId, kind: 'page' }),
  ),
  withLogs(
    'I4',
    /although it was superseded/,
    ({ phones }) => (line(phones, 1)['at'] = at(140)),
    `UPDATE deliveries SET status = 'superseded', settled_at = ${stamp(104)}`,
  ),
  broken(
    'I5',
    /was asked after 59999 of the 60000 ms/,
    rewrite(escalationId, 'at', after(102) + 59_999, `action = 'escalation.due'`),
  ),
  broken(
    'I5',
    /before anyone of the rung before was tried/,
    `UPDATE audit_events SET seq = 99 WHERE ${pageStarted(deliveryIds[0])}`,
    rewrite(escalationId, 'state,happened', [], 'version = 3'),
  ),
  broken(
    'I5',
    /before anyone of the rung before was tried/,
    rewrite(escalationId, 'state,happened', [], 'version = 2'),
  ),
  broken(
    'I5',
    /though the rung before had someone/,
    rewrite(
      exhaustedId,
      'event,people',
      [{ personId: 'per_1', shadow: false, rules: [{ delayMs: 0 }] }],
      'version = 2',
    ),
  ),
  broken(
    'I5',
    /because of rosterChanged/,
    rewrite(escalationId, 'event,type', 'rosterChanged', `action = 'escalation.due'`),
  ),
  broken(
    'I5',
    /rung 0 was asked after pass 0 rung 0/,
    rewrite(escalationId, 'state,happened,0,rung', 0, `action = 'escalation.due'`),
  ),
  broken('I5', /does not tell of it/, bundle(deliveryIds[3]), `UPDATE deliveries SET names = NULL`),
  broken('I5', /another contact method/, bundle(deliveryIds[0])),
  broken(
    'I5',
    /a message that did not go out/,
    bundle(deliveryIds[3]),
    `UPDATE deliveries SET status = 'failed' WHERE id = '${deliveryIds[3]}'`,
  ),
  broken(
    'I5',
    /is the first of a high urgency/,
    bundle(deliveryIds[3]),
    `UPDATE audit_events SET action = 'escalation.pageBundled' WHERE ${pageStarted(deliveryIds[1])}`,
    rewrite(escalationId, 'state,urgency', 'high', 'version IS NOT NULL'),
    rewrite(escalationId, 'state,pages,0,first', true, `data->'state'->'pages' <> '[]'::jsonb`),
  ),
  broken(
    'I5',
    /held back and forgotten/,
    `UPDATE deliveries SET status = 'held', started_at = ${stamp(-3_600)} WHERE id = '${deliveryIds[1]}'`,
  ),
  broken('I3', /bundled pages .* has 0 audit events/, bundle(deliveryIds[3])),
  withLogs('I4', /left to another message/, () => undefined, bundle(deliveryIds[3])),
  broken('I5', /was asked out of nothing/, rewrite(escalationId, 'state,happened,0,what', 'nothing', 'version = 1')),
];
