import type { Client } from 'pg';
import { ChainWriter, idOf, insert } from './writer.ts';
import type { Actor } from './writer.ts';

const secondMs = 1_000;

/** The ids and the people of the small world. All of it happened within an hour, two hours ago. */
export const beganAt = Date.now() - 7_200 * secondMs;
export const after = (seconds: number): number => beganAt + seconds * secondMs;

export const teamId = idOf('tea', 1);
export const serviceId = idOf('svc', 1);
export const productId = idOf('prd', 1);
export const policyVersionId = idOf('plv', 1);
export const queueId = idOf('que', 1);

const person = (number: number, ...roles: readonly string[]): Actor => ({
  kind: 'person',
  id: idOf('per', number),
  roles: roles.toSorted(),
});
export const people = {
  first: person(1, 'responder'),
  second: person(2, 'responder'),
  lead: person(3, 'ops_lead'),
  reviewer: person(4, 'reviewer'),
  other: person(5, 'reviewer'),
  owner: person(6, 'launch_owner'),
  scientist: person(7, 'protection_scientist'),
} as const;

export const phoneOf = (who: Actor): string => `cmt${who.id.slice(3)}`;

/** What stood before anything happened: set up by hand, before the first audit event. */
export async function seedSetting(client: Client): Promise<void> {
  const before = new Date(beganAt - 86_400 * secondMs);
  await insert(client, 'teams', { id: teamId, key: 'team', name: 'team', created_at: before });
  for (const { id, roles } of Object.values(people)) {
    await insert(client, 'principals', { id, kind: 'person', name: 'someone', created_at: before });
    await insert(client, 'persons', { id });
    for (const role of roles) {
      const grant = `grt${id.slice(3)}`;
      await insert(client, 'role_grants', { id: grant, principal_id: id, role, team_id: teamId, granted_at: before });
    }
    const phone = { id: `cmt${id.slice(3)}`, person_id: id, channel: 'webhook', address: 'http://phone' };
    await insert(client, 'contact_methods', { ...phone, created_at: before });
  }
  const escalationPolicyId = idOf('epo', 1);
  await insert(client, 'escalation_policies', {
    id: escalationPolicyId,
    team_id: teamId,
    key: 'policy',
    name: 'policy',
    version: 1,
    created_at: before,
  });
  await insert(client, 'services', {
    id: serviceId,
    team_id: teamId,
    key: 'service',
    name: 'service',
    policy_id: escalationPolicyId,
    created_at: before,
  });
  await insert(client, 'products', {
    id: productId,
    team_id: teamId,
    key: 'product',
    name: 'product',
    service_id: serviceId,
    countries: ['DE'],
    created_at: before,
  });
  await insert(client, 'policies', {
    id: idOf('pol', 1),
    key: 'policy',
    title: 'policy',
    harm: 'fraud',
    created_at: before,
  });
  await insert(client, 'policy_versions', {
    id: policyVersionId,
    policy_id: idOf('pol', 1),
    number: 1,
    body: 'No fraud.',
    sha256: 'none',
    published_by: people.lead.id,
    published_at: before,
  });
  await insert(client, 'review_queues', {
    id: queueId,
    team_id: teamId,
    key: 'queue',
    title: 'queue',
    created_at: before,
  });
}

/** A kill switch that was engaged and released: two changes of configuration, each with its audit event. */
export async function seedConfiguration(client: Client): Promise<void> {
  const killSwitchId = idOf('kil', 1);
  await insert(client, 'kill_switches', {
    id: killSwitchId,
    product_id: productId,
    engaged_by: people.lead.id,
    engaged_at: new Date(after(10)),
    released_by: people.lead.id,
    released_at: new Date(after(20)),
  });
  const chain = new ChainWriter(client, 'product', productId);
  const actor = people.lead;
  await chain.say({ at: after(10), action: 'killSwitchEngaged', actor, data: { killSwitchId } });
  await chain.say({ at: after(20), action: 'killSwitchReleased', actor, data: { killSwitchId } });
  await chain.end();
}
