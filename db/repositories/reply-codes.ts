import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Database, Queryable } from '../client.ts';
import { contactMethods, deliveries, escalations, principals, replyCodes } from '../schema/index.ts';

/** A number rests so long after its escalation closed: an answer that comes late must not acknowledge another one. */
const restAfterClose = sql`interval '1 hour'`;

/** What fits into a text message; nobody has as many pages open. */
const largestCode = 9_999;

/**
 * The number with which this page is answered by text message: the lowest that its phone does not use now, and the same
 * again for the same page. Each page has its own, so that an answer to an old one is known to be old, and that of a phone
 * which two people share tells whose page is meant.
 */
export async function assignReplyCode(
  db: Database,
  page: { readonly contactMethodId: string; readonly escalationId: string; readonly deliveryId: string },
): Promise<number> {
  const { contactMethodId, escalationId, deliveryId } = page;
  return db.transaction(async (tx) => {
    await tx.execute(sql`
      SELECT pg_advisory_xact_lock(hashtextextended('reply:' || address, 0)) FROM contact_methods WHERE id = ${contactMethodId}`);
    const [known] = await tx
      .select({ code: replyCodes.code })
      .from(replyCodes)
      .where(eq(replyCodes.deliveryId, deliveryId));
    if (known) return known.code;
    const { rows } = await tx.execute<{ code: number }>(sql`
      WITH used AS (
        SELECT code
        FROM contact_methods AS own
          JOIN contact_methods AS method USING (channel, address)
          JOIN reply_codes ON contact_method_id = method.id
          JOIN escalations ON escalations.id = escalation_id
        WHERE own.id = ${contactMethodId} AND (closed_at IS NULL OR closed_at >= now() - ${restAfterClose}))
      SELECT number AS code
      FROM generate_series(1, ${largestCode}) AS number
      WHERE number NOT IN (SELECT code FROM used)
      ORDER BY number LIMIT 1`);
    const code = rows[0]?.code;
    if (code === undefined) throw new Error('a phone has no reply code left');
    const used = { escalationId, deliveryId, createdAt: sql`now()` };
    await tx
      .insert(replyCodes)
      .values({ contactMethodId, code, ...used })
      .onConflictDoUpdate({ target: [replyCodes.contactMethodId, replyCodes.code], set: used });
    return code;
  });
}

/** A page that an answer may mean, with whose it is. */
export interface AnsweredPage {
  readonly code: number;
  readonly personId: string;
  readonly escalationId: string;
  readonly deliveryId: string;
  readonly isOpen: boolean;
}

/**
 * The pages that an answer from this number may mean: with a code those of that code, else the newest page of each open
 * escalation. Only numbers that their owner has proven count, and nothing of people who are disabled. Open ones first.
 */
export async function findAnsweredPages(db: Queryable, phone: string, code: number | null): Promise<AnsweredPage[]> {
  const rows = await db
    .selectDistinctOn([contactMethods.personId, replyCodes.escalationId], {
      code: replyCodes.code,
      personId: contactMethods.personId,
      escalationId: replyCodes.escalationId,
      deliveryId: replyCodes.deliveryId,
      isOpen: sql<boolean>`${escalations.closedAt} IS NULL`,
    })
    .from(replyCodes)
    .innerJoin(contactMethods, eq(contactMethods.id, replyCodes.contactMethodId))
    .innerJoin(principals, and(eq(principals.id, contactMethods.personId), isNull(principals.disabledAt)))
    .innerJoin(escalations, eq(escalations.id, replyCodes.escalationId))
    .innerJoin(deliveries, eq(deliveries.id, replyCodes.deliveryId))
    .where(
      and(
        isProvenPhone(phone),
        code === null ? isNull(escalations.closedAt) : eq(replyCodes.code, code),
        code === null ? inArray(escalations.status, ['triggered', 'exhausted', 'acknowledged']) : undefined,
      ),
    )
    .orderBy(contactMethods.personId, replyCodes.escalationId, desc(deliveries.startedAt))
    .limit(50);
  return rows.toSorted((a, b) => Number(b.isOpen) - Number(a.isOpen));
}

/** Whether anybody has proven that the number is theirs. */
export async function isKnownPhone(db: Queryable, phone: string): Promise<boolean> {
  const rows = await db
    .select({ id: contactMethods.id })
    .from(contactMethods)
    .innerJoin(principals, and(eq(principals.id, contactMethods.personId), isNull(principals.disabledAt)))
    .where(isProvenPhone(phone))
    .limit(1);
  return rows.length > 0;
}

const isProvenPhone = (phone: string) =>
  and(
    eq(contactMethods.channel, 'sms'),
    eq(contactMethods.address, phone),
    sql`${contactMethods.verifiedAt} IS NOT NULL`,
    isNull(contactMethods.disabledAt),
  );
