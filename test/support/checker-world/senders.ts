import type { Client } from 'pg';
import { broken } from './mutate.ts';
import type { Mutation } from './mutate.ts';
import { after, people, serviceId, teamId } from './setting.ts';
import { ChainWriter, idOf, insert } from './writer.ts';

const ruleId = idOf('spr', 1);

/** A rule that kept alerts quiet until it was ended, and the single alerts of a group that is over. */
export async function seedSenders(client: Client): Promise<void> {
  const actor = people.lead;
  await insert(client, 'suppression_rules', {
    id: ruleId,
    team_id: teamId,
    name: 'rebuilding',
    owner_id: actor.id,
    conditions: JSON.stringify([{ label: 'cluster', is: 'present' }]),
    expires_at: new Date(after(900)),
    created_by: actor.id,
    created_at: new Date(after(20)),
    ended_at: new Date(after(60)),
    ended_by: actor.id,
  });
  const chain = new ChainWriter(client, 'suppressionRule', ruleId);
  await chain.say({ at: after(20), action: 'created', actor, data: {} });
  await chain.say({ at: after(60), action: 'ended', actor, data: {} });
  await chain.end();
  const key = { service_id: serviceId, dedup_key: 'rebuilt' };
  const quiet = { rule_id: ruleId, reported_by: 'svc', severity: 3, title: 'Disk', count: 4 };
  await insert(client, 'suppressed_alerts', {
    ...key,
    ...quiet,
    first_at: new Date(after(30)),
    last_at: new Date(after(50)),
  });
  await insertAlert(client, 1, { ...key, seconds: 40, disposition: 'dropped' });
  const known = { fingerprint: 'a', started_at: new Date(after(5)), seen_at: new Date(after(39)) };
  await insert(client, 'firing_alerts', { ...key, ...known, ended_at: new Date(after(35)) });
  await insert(client, 'firing_alerts', { ...key, ...known, dedup_key: 'disk', ended_at: new Date(after(195)) });
}

async function insertAlert(
  client: Client,
  number: number,
  { seconds, ...alert }: { service_id: string; dedup_key: string; seconds: number; disposition: string },
): Promise<void> {
  const said = { reported_by: 'svc', action: 'trigger', severity: 3, title: 'Disk' };
  const at = { id: idOf('alr', 100 + number), seq: 1_000 + number, received_at: new Date(after(seconds)) };
  await insert(client, 'alert_events', { ...alert, ...said, ...at });
}

export const senderMutations: readonly Mutation[] = [
  broken('I1', /never said that it is over/, `UPDATE firing_alerts SET ended_at = NULL`),
  broken(
    'I1',
    /no rule has counted it/,
    `UPDATE alert_events SET disposition = 'suppressed' WHERE action = 'trigger' AND dedup_key = 'disk'`,
  ),
  broken(
    'I1',
    /belongs to no escalation/,
    `UPDATE alert_events SET disposition = 'suppressed' WHERE dedup_key = 'rebuilt'`,
  ),
  broken('I1', /not counted/, `UPDATE suppressed_alerts SET count = 0`),
  broken('I1', /before their rule was made/, `UPDATE suppressed_alerts SET first_at = first_at - interval '1 minute'`),
  broken('I1', /after their rule had ended/, `UPDATE suppressed_alerts SET last_at = last_at + interval '1 minute'`),
  broken(
    'I1',
    /another team's alerts/,
    `INSERT INTO teams (id, key, name, created_at) VALUES ('tea_other', 'other', 'other', now() - interval '1 day')`,
    `UPDATE suppression_rules SET team_id = 'tea_other'`,
  ),
  broken('I1', /while 1 of its alerts fire/, `UPDATE firing_alerts SET ended_at = NULL WHERE dedup_key = 'disk'`),
  broken(
    'I3',
    /suppressionRule.ended is in the trail/,
    `UPDATE suppression_rules SET ended_at = NULL, ended_by = NULL`,
  ),
];
