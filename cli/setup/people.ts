import { UsageError } from '../io.ts';
import { normalAddress } from '#domain/oncall/contact-address.ts';
import { channels } from '#domain/oncall/notification-rules.ts';
import type { Json } from '#domain/json.ts';
import type { Outcome, Work } from './apply.ts';
import { says } from './compare.ts';
import type { SetupPerson, SetupSender } from './document.ts';

interface Principal {
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly name: string;
  readonly disabledAt: string | null;
}
interface ContactMethod {
  readonly id: string;
  readonly channel: string;
  readonly address: string;
  readonly disabledAt: string | null;
}
interface Grant {
  readonly role: string;
  readonly teamId: string | null;
  readonly revokedAt: string | null;
}

/** People: who they are, what they may do, and how they are reached. They are found by their names. */
export async function applyPeople(work: Work): Promise<void> {
  for (const person of work.setup.people) {
    await work.entry('people', person.key, async () => {
      const { id, isNew } = await principal(work, 'person', person, { timeZone: person.timeZone });
      const steps = [
        await grants(work, id, person.roles),
        await settings(work, id, person),
        await reaching(work, id, person),
      ];
      return { id, outcome: outcomeOf(isNew, steps.includes(true)) };
    });
  }
}

/** Senders: the services that report alerts and events, with the roles that let them. */
export async function applySenders(work: Work): Promise<void> {
  for (const sender of work.setup.senders) {
    await work.entry('senders', sender.key, async () => {
      const { id, isNew } = await principal(work, 'service', sender, {});
      return { id, outcome: outcomeOf(isNew, await grants(work, id, sender.roles)) };
    });
  }
}

const outcomeOf = (isNew: boolean, changed: boolean): Outcome =>
  isNew ? 'created' : changed ? 'changed' : 'unchanged';

async function principal(work: Work, kind: Principal['kind'], { key, name }: SetupPerson | SetupSender, more: object) {
  const all = await work.admin.list<Principal>('/v1/principals');
  const known = all.filter((one) => one.kind === kind && one.name === name && one.disabledAt === null);
  if (known.length > 1)
    throw new UsageError(`there are ${known.length} principals named "${name}"; the setup finds them by name`);
  const [row] = known;
  if (row) return { id: row.id, isNew: false };
  const made = await work.admin.post<Principal>('/v1/principals', { kind, name, ...more }, { part: `${kind}.${key}` });
  return { id: made.id, isNew: true };
}

async function grants(work: Work, id: string, wanted: SetupPerson['roles']): Promise<boolean> {
  if (wanted.length === 0) return false;
  const path = `/v1/principals/${id}/role-grants`;
  const there = (await work.admin.list<Grant>(path)).filter(({ revokedAt }) => revokedAt === null);
  const missing = wanted
    .map((grant) => work.resolve(grant) as { role: string; teamId: string | null })
    .filter(({ role, teamId }) => !there.some((one) => one.role === role && one.teamId === teamId));
  for (const grant of missing)
    await work.admin.post(path, grant, { part: `grant.${id}.${grant.role}.${grant.teamId ?? 'all'}` });
  return missing.length > 0;
}

async function settings(work: Work, id: string, { timeZone, quietHours }: SetupPerson): Promise<boolean> {
  const path = `/v1/persons/${id}/settings`;
  const wanted = { timeZone, quietHours };
  if (says(await work.admin.get(path), wanted)) return false;
  await work.admin.put(path, wanted);
  return true;
}

async function reaching(work: Work, id: string, person: SetupPerson): Promise<boolean> {
  const path = `/v1/persons/${id}/contact-methods`;
  const methods =
    person.contactMethods.length === 0 ? [] : (await work.admin.get<{ items: ContactMethod[] }>(path)).items;
  const idByKey = new Map<string, string>();
  let changed = false;
  for (const { key, ...method } of person.contactMethods) {
    const known = methods.find(
      (one) => one.disabledAt === null && one.channel === method.channel && one.address === spelt(method),
    );
    const row = known ?? (await work.admin.post<ContactMethod>(path, method, { part: `contact.${id}.${key}` }));
    changed ||= known === undefined;
    idByKey.set(key, row.id);
  }
  for (const urgency of ['high', 'low'] as const) {
    const rules = person.notificationRules?.[urgency].map(({ contactMethod, delayMinutes }) => {
      const contactMethodId = idByKey.get(contactMethod);
      if (contactMethodId === undefined)
        throw new UsageError(
          `the rules of "${person.key}" name the contact method ${contactMethod}, which is not listed`,
        );
      return { contactMethodId, delayMinutes };
    });
    if (rules === undefined) continue;
    changed = (await replaceRules(work, `/v1/persons/${id}/notification-rules/${urgency}`, rules)) || changed;
  }
  return changed;
}

/** As the API keeps it, which does not keep the spaces of a number. What it will not take, it says itself. */
function spelt({ channel, address }: { readonly channel: string; readonly address: string }): string {
  const known = channels.find((one) => one === channel);
  const normal = known === undefined || known === 'webhook' ? null : normalAddress(known, address, new Set());
  return normal !== null && 'address' in normal ? normal.address : address;
}

async function replaceRules(
  work: Work,
  path: string,
  wanted: readonly { readonly [field: string]: Json }[],
): Promise<boolean> {
  const { rules } = await work.admin.get<{ rules: readonly { contactMethodId: string; delayMinutes: number }[] }>(path);
  const there = rules.map(({ contactMethodId, delayMinutes }) => ({ contactMethodId, delayMinutes }));
  if (says(there, wanted)) return false;
  await work.admin.put(path, { rules: wanted });
  return true;
}
