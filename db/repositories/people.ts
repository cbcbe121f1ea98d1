import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import type { Channel, NotificationRule, Urgency } from '#domain/oncall/notification-rules.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { contactMethods, notificationRules, persons, principals } from '../schema/index.ts';
import { newestFirst } from './listing.ts';
import type { Page } from './listing.ts';

export type PrincipalRow = typeof principals.$inferSelect;
export type ContactMethodRow = typeof contactMethods.$inferSelect;

/** A person gets settings of its own with it: UTC, no quiet hours. */
export async function insertPrincipal(
  tx: Transaction,
  principal: { kind: 'person' | 'service'; name: string; timeZone?: string },
): Promise<PrincipalRow> {
  const { kind, name, timeZone } = principal;
  const [row] = await tx
    .insert(principals)
    .values({ id: newId(kind), kind, name })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  if (kind === 'person')
    await tx.insert(persons).values({ id: row.id, ...(timeZone === undefined ? {} : { timeZone }) });
  return row;
}

export async function findPrincipal(db: Queryable, id: string): Promise<PrincipalRow | null> {
  const [row] = await db.select().from(principals).where(eq(principals.id, id));
  return row ?? null;
}

export async function listPrincipals(db: Queryable, page: Page): Promise<PrincipalRow[]> {
  const { where, orderBy, limit } = newestFirst(principals.createdAt, principals.id, page);
  return db
    .select()
    .from(principals)
    .where(where)
    .orderBy(...orderBy)
    .limit(limit);
}

/** Its tokens stop to work with this, and nobody is paged through it. False when it was disabled already. */
export async function disablePrincipal(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(principals)
    .set({ disabledAt: sql`now()` })
    .where(and(eq(principals.id, id), isNull(principals.disabledAt)));
  return (rowCount ?? 0) > 0;
}

export interface PersonSettings {
  readonly timeZone: string;
  /** `22:00-07:00`. */
  readonly quietHours: string | null;
}

/** Locks the person's row, so that its rules and contact methods are changed by one writer at a time. */
export async function lockPerson(tx: Transaction, id: string): Promise<PersonSettings | null> {
  const [row] = await tx
    .select({ timeZone: persons.timeZone, quietHours: persons.quietHours })
    .from(persons)
    .where(eq(persons.id, id))
    .for('update');
  return row ?? null;
}

export async function findSettings(db: Queryable, id: string): Promise<PersonSettings | null> {
  const [row] = await db
    .select({ timeZone: persons.timeZone, quietHours: persons.quietHours })
    .from(persons)
    .where(eq(persons.id, id));
  return row ?? null;
}

export async function updateSettings(db: Queryable, id: string, settings: PersonSettings): Promise<void> {
  await db.update(persons).set(settings).where(eq(persons.id, id));
}

export async function insertContactMethod(
  db: Queryable,
  method: { personId: string; channel: Channel; address: string },
): Promise<ContactMethodRow> {
  const [row] = await db
    .insert(contactMethods)
    .values({ id: newId('contactMethod'), ...method })
    .returning();
  if (!row) throw new Error('an insert returned no row');
  return row;
}

export async function listContactMethods(db: Queryable, personId: string): Promise<ContactMethodRow[]> {
  return db
    .select()
    .from(contactMethods)
    .where(eq(contactMethods.personId, personId))
    .orderBy(asc(contactMethods.createdAt), asc(contactMethods.id))
    .limit(200);
}

/** The people who have proven that the address is theirs; disabled ones left out. More than one: it says nothing. */
export async function findPersonsAt(db: Queryable, channel: Channel, address: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ personId: contactMethods.personId })
    .from(contactMethods)
    .innerJoin(principals, eq(principals.id, contactMethods.personId))
    .where(
      and(
        eq(contactMethods.channel, channel),
        eq(contactMethods.address, address),
        isNotNull(contactMethods.verifiedAt),
        isNull(contactMethods.disabledAt),
        isNull(principals.disabledAt),
      ),
    )
    .limit(2);
  return rows.map(({ personId }) => personId);
}

export async function findContactMethod(db: Queryable, personId: string, id: string): Promise<ContactMethodRow | null> {
  const [row] = await db
    .select()
    .from(contactMethods)
    .where(and(eq(contactMethods.id, id), eq(contactMethods.personId, personId)));
  return row ?? null;
}

export async function disableContactMethod(db: Queryable, personId: string, id: string): Promise<boolean> {
  const { rowCount } = await db
    .update(contactMethods)
    .set({ disabledAt: sql`now()` })
    .where(and(eq(contactMethods.id, id), eq(contactMethods.personId, personId), isNull(contactMethods.disabledAt)));
  return (rowCount ?? 0) > 0;
}

export async function listRules(
  db: Queryable,
  personId: string,
): Promise<Readonly<Record<Urgency, NotificationRule[]>>> {
  const rows = await db
    .select({
      id: notificationRules.id,
      urgency: notificationRules.urgency,
      delayMinutes: notificationRules.delayMinutes,
      contactMethodId: notificationRules.contactMethodId,
      channel: contactMethods.channel,
    })
    .from(notificationRules)
    .innerJoin(contactMethods, eq(contactMethods.id, notificationRules.contactMethodId))
    .where(eq(notificationRules.personId, personId))
    .orderBy(asc(notificationRules.urgency), asc(notificationRules.position));
  const own = (urgency: Urgency) =>
    rows
      .filter((row) => row.urgency === urgency)
      .map(({ urgency: _urgency, ...rule }) => ({ ...rule, channel: rule.channel as Channel }));
  return { high: own('high'), low: own('low') };
}

/** Puts the whole set of one urgency in place of the one that was there. */
export async function replaceRules(
  tx: Transaction,
  personId: string,
  urgency: Urgency,
  rules: readonly Pick<NotificationRule, 'id' | 'contactMethodId' | 'delayMinutes'>[],
): Promise<void> {
  await tx
    .delete(notificationRules)
    .where(and(eq(notificationRules.personId, personId), eq(notificationRules.urgency, urgency)));
  if (rules.length === 0) return;
  await tx.insert(notificationRules).values(
    rules.map(({ id, contactMethodId, delayMinutes }, position) => ({
      id,
      personId,
      urgency,
      position,
      contactMethodId,
      delayMinutes,
    })),
  );
}

/** Those of the ids that are no person, or a disabled one. */
export async function unknownPersons(db: Queryable, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const known = await db
    .select({ id: principals.id })
    .from(principals)
    .where(and(inArray(principals.id, [...ids]), eq(principals.kind, 'person'), isNull(principals.disabledAt)));
  const names = new Set(known.map(({ id }) => id));
  return ids.filter((id) => !names.has(id));
}
