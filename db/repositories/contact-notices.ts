import { randomInt, timingSafeEqual } from 'node:crypto';
import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { minuteMs } from '#domain/time.ts';
import type { Queryable, Transaction } from '../client.ts';
import { newId, sha256Hex } from '../ids.ts';
import { contactMethods, contactVerifications, oncallNotices, persons } from '../schema/index.ts';

/** A code, or a test, that has not left by then is not sent any more: nobody waits for it. */
export const contactNoticeMs = 10 * minuteMs;

/** How long a code can be typed back, and how often it may be guessed. */
const codeMinutes = 10;
const attempts = 5;

/** Codes and tests to one contact method in ten minutes, and to all of a person's in an hour. */
const mostOfMethod = 3;
const mostOfPerson = 10;

export type ContactAbout = { readonly kind: 'verification'; readonly code: string } | { readonly kind: 'test' };
type NoticeRow = typeof oncallNotices.$inferSelect;

export interface NewContactNotice {
  readonly kind: ContactAbout['kind'];
  readonly personId: string;
  readonly contactMethodId: string;
}

/**
 * Leaves a code or a test page for one contact method to the watch over on-call, which sends it within seconds. Null when
 * the method or its owner had as many as may be sent; the person's row must be locked, so that two requests cannot both be
 * the last one.
 */
export async function leaveContactNotice(tx: Transaction, notice: NewContactNotice): Promise<NoticeRow | null> {
  const { kind, personId, contactMethodId } = notice;
  const { rows } = await tx.execute<{ of_method: number; of_person: number }>(sql`
    SELECT count(*) FILTER (WHERE contact_method_id = ${contactMethodId} AND created_at > now() - interval '10 minutes')::int AS of_method,
      count(*)::int AS of_person
    FROM oncall_notices
    WHERE person_id = ${personId} AND kind IN ('verification', 'test') AND created_at > now() - interval '1 hour'`);
  if ((rows[0]?.of_method ?? 0) >= mostOfMethod || (rows[0]?.of_person ?? 0) >= mostOfPerson) return null;
  const id = newId('oncallNotice');
  const [row] = await tx
    .insert(oncallNotices)
    .values({ id, key: `${kind}:${id}`, kind, personId, contactMethodId })
    .returning();
  return row ?? null;
}

/** The newest codes and tests of a contact method, and what became of each. */
export async function listContactNotices(db: Queryable, contactMethodId: string): Promise<NoticeRow[]> {
  return db
    .select()
    .from(oncallNotices)
    .where(and(eq(oncallNotices.contactMethodId, contactMethodId), isNull(oncallNotices.scheduleId)))
    .orderBy(desc(oncallNotices.createdAt), desc(oncallNotices.id))
    .limit(20);
}

/** The one way that such a notice may take: null when it is disabled, or was tried. */
export async function ownWay(tx: Transaction, { contactMethodId }: NoticeRow, tried: readonly string[]) {
  if (contactMethodId === null || tried.includes(contactMethodId)) return null;
  const [method] = await tx
    .select({ channel: contactMethods.channel, address: contactMethods.address, timeZone: persons.timeZone })
    .from(contactMethods)
    .innerJoin(persons, eq(persons.id, contactMethods.personId))
    .where(and(eq(contactMethods.id, contactMethodId), isNull(contactMethods.disabledAt)));
  return method ? { contactMethodId, ...method } : null;
}

/** What it says. Each start of a verification has a new code, and only the newest works: of the old one just a hash was kept. */
export async function aboutContact(tx: Transaction, { kind, contactMethodId }: NoticeRow): Promise<ContactAbout> {
  if (kind !== 'verification' || contactMethodId === null) return { kind: 'test' };
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const issued = {
    sha256: hashOf(contactMethodId, code),
    attemptsLeft: attempts,
    createdAt: sql`now()`,
    expiresAt: sql`now() + make_interval(mins => ${codeMinutes})`,
  };
  await tx
    .insert(contactVerifications)
    .values({ contactMethodId, ...issued })
    .onConflictDoUpdate({ target: contactVerifications.contactMethodId, set: issued });
  return { kind: 'verification', code };
}

const hashOf = (contactMethodId: string, code: string): string => sha256Hex(`${contactMethodId} ${code}`);

/**
 * Tries a code. Each try counts, right or wrong, so it must be committed whatever comes of it. A right one makes the
 * contact method verified and is used up.
 */
export async function tryCode(
  tx: Transaction,
  contactMethodId: string,
  code: string,
): Promise<{ readonly result: 'verified' | 'over' } | { readonly result: 'wrong'; readonly attemptsLeft: number }> {
  const [issued] = await tx
    .update(contactVerifications)
    .set({ attemptsLeft: sql`${contactVerifications.attemptsLeft} - 1` })
    .where(
      and(
        eq(contactVerifications.contactMethodId, contactMethodId),
        gt(contactVerifications.attemptsLeft, 0),
        gt(contactVerifications.expiresAt, sql`now()`),
      ),
    )
    .returning();
  if (!issued) return { result: 'over' };
  const { sha256, attemptsLeft } = issued;
  if (!timingSafeEqual(Buffer.from(sha256), Buffer.from(hashOf(contactMethodId, code))))
    return { result: 'wrong', attemptsLeft };
  await tx.delete(contactVerifications).where(eq(contactVerifications.contactMethodId, contactMethodId));
  await tx
    .update(contactMethods)
    .set({ verifiedAt: sql`now()` })
    .where(eq(contactMethods.id, contactMethodId));
  return { result: 'verified' };
}
