import type { Role } from '#domain/actor.ts';
import type { PolicyDocument } from '#domain/escalation/policy.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import {
  contactMethods,
  escalationPolicies,
  escalationPolicyVersions,
  notificationRules,
  persons,
  principals,
  roleGrants,
  services,
  teams,
} from '#db/schema/index.ts';

export async function seedTeam(db: Database, key = 'team'): Promise<string> {
  const id = newId('team');
  await db.insert(teams).values({ id, key: `${key}-${id.slice(-8)}`, name: key });
  return id;
}

/** A person with roles and one contact method per delay, used for both urgencies. */
export async function seedPerson(
  db: Database,
  options: {
    name: string;
    roles?: readonly Role[];
    channel?: string;
    address?: string;
    delaysMinutes?: readonly number[];
    timeZone?: string;
  },
): Promise<string> {
  const id = newId('person');
  await db.insert(principals).values({ id, kind: 'person', name: options.name });
  await db.insert(persons).values({ id, timeZone: options.timeZone ?? 'UTC' });
  for (const role of options.roles ?? [])
    await db.insert(roleGrants).values({ id: newId('roleGrant'), principalId: id, role });
  for (const [position, delayMinutes] of (options.delaysMinutes ?? [0]).entries()) {
    const contactMethodId = newId('contactMethod');
    await db.insert(contactMethods).values({
      id: contactMethodId,
      personId: id,
      channel: options.channel ?? 'webhook',
      address: options.address ?? `http://phone/${options.name}`,
      verifiedAt: new Date(),
    });
    for (const urgency of ['high', 'low']) {
      await db
        .insert(notificationRules)
        .values({ id: newId('notificationRule'), personId: id, urgency, position, delayMinutes, contactMethodId });
    }
  }
  return id;
}

export async function seedService(
  db: Database,
  teamId: string,
  createdBy: string,
  policy: PolicyDocument,
): Promise<string> {
  const policyId = newId('escalationPolicy');
  const serviceId = newId('service');
  await db
    .insert(escalationPolicies)
    .values({ id: policyId, teamId, key: `policy-${policyId.slice(-8)}`, name: 'policy', version: 1 });
  await db
    .insert(escalationPolicyVersions)
    .values({ id: newId('escalationPolicyVersion'), policyId, version: 1, document: policy, createdBy });
  await db
    .insert(services)
    .values({ id: serviceId, teamId, key: `service-${serviceId.slice(-8)}`, name: 'service', policyId });
  return serviceId;
}
