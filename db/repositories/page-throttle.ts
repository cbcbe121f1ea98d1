import { sql } from 'drizzle-orm';
import type { SQL } from 'drizzle-orm';
import { mayBeBundled } from '#domain/escalation/ladder.ts';
import type { Ladder } from '#domain/escalation/ladder.ts';
import { minuteMs, secondMs } from '#domain/time.ts';
import type { Queryable, Transaction } from '../client.ts';

/** Once a person has had their number of pages, a contact method gets one more in this time. GoAlert's figure per address. */
const spacingMs = minuteMs;

/** A page that no other message names goes out after this, whatever else did: within the time that its sender has. */
const longestHoldMs = 90 * secondMs;

/** A message names so many other escalations at most, the newest pages of the person first. */
const mostNamed = 200;

const [soonMs, laterMs] = [2 * secondMs, 10 * secondMs];

/** What is to become of a page that is about to start. */
export type PagePassage =
  /** It goes out; `names` are the other open escalations that it tells of, or null while there is no reason to. */
  | { readonly kind: 'goes'; readonly names: readonly string[] | null }
  | { readonly kind: 'held'; readonly retryAfterMs: number }
  | { readonly kind: 'bundled'; readonly into: string };

interface StartingPage {
  readonly deliveryId: string;
  readonly escalationId: string;
  readonly effectKey: string;
  readonly personId: string;
  readonly contactMethodId: string;
}

/**
 * The per-person throttle over all escalations.
 *
 * The first page of a person's turn at high urgency always goes, at once and by itself. So does every page while the
 * person has had fewer than the ladder's number of pages in its window. Beyond that a page is left to a message that went
 * to the same contact method and names its escalation (`bundled`); else it goes when that contact method had nothing for a
 * minute; else it waits (`held`), 90 s at most. So whoever is not sent a page has been sent a message that tells of it.
 *
 * Locks the contact method while it decides about a page that may be bundled, so that of many at once one goes.
 */
export async function passThrottle(tx: Transaction, ladder: Ladder, page: StartingPage): Promise<PagePassage> {
  const { throttle, pages } = ladder;
  const orderedAt = pages.find(({ key }) => key === page.effectKey)?.startedAt ?? 0;
  const isBundleable = mayBeBundled(ladder, page.effectKey);
  if (isBundleable)
    await tx.execute(sql`SELECT FROM contact_methods WHERE id = ${page.contactMethodId} FOR NO KEY UPDATE`);
  if (!(await hadMany(tx, page, orderedAt, throttle.perPersonWindowMs, throttle.maxPagesPerWindow)))
    return { kind: 'goes', names: null };
  if (isBundleable) {
    const naming = await messageNaming(tx, page, orderedAt);
    if (naming && naming.status !== 'started') return { kind: 'bundled', into: naming.id };
    if (!(await hasWaitedLong(tx, page.deliveryId))) {
      if (naming) return { kind: 'held', retryAfterMs: soonMs };
      if (await hadOneJustNow(tx, page)) return { kind: 'held', retryAfterMs: laterMs };
    }
  }
  return { kind: 'goes', names: await othersOf(tx, page) };
}

const wentOut = sql`kind <> 'resolved' AND status IN ('started', 'sent', 'delivered', 'unknown')`;

/** By the ladders' own clocks: what was ordered within the window before this page. */
async function hadMany(
  tx: Queryable,
  { personId, deliveryId }: StartingPage,
  orderedAt: number,
  windowMs: number,
  many: number,
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    SELECT FROM deliveries
    WHERE person_id = ${personId} AND ${wentOut} AND id <> ${deliveryId}
      AND ordered_at > ${instant(orderedAt - windowMs)} AND ordered_at <= ${instant(orderedAt)}
    LIMIT ${many}`);
  return rows.length >= many;
}

/**
 * The newest message that went to the contact method of late and names the page's escalation. Locked against a receipt
 * that says that it did not arrive: that one comes before, and is seen here, or after, and finds the page in the bundle.
 */
async function messageNaming(
  tx: Queryable,
  { personId, contactMethodId, escalationId, deliveryId }: StartingPage,
  orderedAt: number,
): Promise<{ id: string; status: string } | null> {
  const { rows } = await tx.execute<{ id: string; status: string }>(sql`
    SELECT id, status FROM deliveries
    WHERE person_id = ${personId} AND contact_method_id = ${contactMethodId} AND ${wentOut} AND id <> ${deliveryId}
      AND started_at > now() - ${milliseconds(spacingMs + longestHoldMs)}
      AND ordered_at > ${instant(orderedAt - spacingMs)} AND names @> ARRAY[${escalationId}]
    ORDER BY status = 'started', started_at DESC LIMIT 1 FOR SHARE`);
  return rows[0] ?? null;
}

async function hadOneJustNow(tx: Queryable, { personId, contactMethodId, deliveryId }: StartingPage): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    SELECT FROM deliveries
    WHERE person_id = ${personId} AND contact_method_id = ${contactMethodId} AND ${wentOut} AND id <> ${deliveryId}
      AND started_at > now() - ${milliseconds(spacingMs)} LIMIT 1`);
  return rows.length > 0;
}

async function hasWaitedLong(tx: Queryable, deliveryId: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    SELECT FROM deliveries WHERE id = ${deliveryId} AND started_at < now() - ${milliseconds(longestHoldMs)}`);
  return rows.length > 0;
}

/** The other escalations that page the person and that nobody has taken yet. */
async function othersOf(tx: Queryable, { personId, escalationId }: StartingPage): Promise<string[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    SELECT DISTINCT escalations.id
    FROM (SELECT escalation_id FROM deliveries
          WHERE person_id = ${personId} AND (status IN ('held', 'bundled') OR ${wentOut})
          ORDER BY started_at DESC LIMIT ${mostNamed}) AS newest
      JOIN escalations ON escalations.id = newest.escalation_id
    WHERE escalations.id <> ${escalationId} AND escalations.closed_at IS NULL
      AND escalations.status IN ('triggered', 'exhausted')`);
  return rows.map(({ id }) => id);
}

const instant = (at: number): SQL => sql`${new Date(at).toISOString()}::timestamptz`;

const milliseconds = (ms: number): SQL => sql`${ms} * interval '1 millisecond'`;
