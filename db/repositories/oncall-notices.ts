import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { onCallAt } from '#domain/oncall/segments.ts';
import { dayMs, hourMs } from '#domain/time.ts';
import type { Database, Queryable, Transaction } from '../client.ts';
import { newId } from '../ids.ts';
import { databaseNow } from '../now.ts';
import { contactMethods, oncallNotices, schedules, swapRequests } from '../schema/index.ts';
import { audit } from './audit-events.ts';
import { systemActor } from './commands.ts';
import { aboutContact, contactNoticeMs, ownWay } from './contact-notices.ts';
import type { ContactAbout } from './contact-notices.ts';
import { findReachable, toSchedule } from './oncall.ts';

type NoticeRow = typeof oncallNotices.$inferSelect;
type ScheduleRow = typeof schedules.$inferSelect;

export interface NewNotice {
  /** Names the one thing that it tells one person: a second row of the same key is not written. */
  readonly key: string;
  readonly kind: 'handoff' | 'swap';
  readonly scheduleId: string;
  readonly personId: string;
  readonly swapRequestId?: string;
  readonly handOffAt?: Date;
}

/** Leaves notices to the watch over schedules, which sends them. What was left before is left alone. */
export async function leaveNotices(tx: Transaction, notices: readonly NewNotice[]): Promise<void> {
  if (notices.length === 0) return;
  await tx
    .insert(oncallNotices)
    .values(notices.map((notice) => ({ id: newId('oncallNotice'), ...notice })))
    .onConflictDoNothing({ target: oncallNotices.key });
}

const isOpen = inArray(oncallNotices.status, ['pending', 'started']);

/** What is still to be sent, oldest first. */
export async function listOpenNotices(db: Queryable, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: oncallNotices.id })
    .from(oncallNotices)
    .where(isOpen)
    .orderBy(asc(oncallNotices.createdAt), asc(oncallNotices.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** A notice on its way, with all that its text says. */
export interface StartedNotice {
  readonly id: string;
  readonly about:
    | { readonly kind: 'handoff'; readonly scheduleName: string; readonly handOffAt: number; readonly isLate: boolean }
    | { readonly kind: 'swap'; readonly scheduleName: string; readonly status: string }
    | ContactAbout;
  readonly timeZone: string;
  readonly contactMethodId: string;
  readonly channel: string;
  readonly address: string;
  /** A call for this row may have gone out before: a crash hid its answer. */
  readonly possibleDuplicate: boolean;
}

/** After so many starts it is given up, whatever killed the sender each time. */
const mostStarts = 20;

/**
 * Marks a notice as on its way, just before the call: by the first contact method of the person's rules for low urgency,
 * else for high, that is not among `tried`. Null when nothing is to be sent: it was sent already, the person does not come
 * on call after all, or no way is left; the row then says so.
 */
export async function startNotice(db: Database, id: string, tried: readonly string[]): Promise<StartedNotice | null> {
  return db.transaction(async (tx) => {
    const [row] = await tx
      .select()
      .from(oncallNotices)
      .where(and(eq(oncallNotices.id, id), isOpen))
      .for('update');
    if (!row) return null;
    const now = await databaseNow(tx);
    const schedule = await scheduleOf(tx, row);
    if (!isWanted(row, schedule, now)) return settleAs(tx, id, 'superseded', null);
    const way = schedule === null ? await ownWay(tx, row, tried) : await nextWay(tx, row.personId, tried);
    if (!way || row.attempts >= mostStarts)
      return settleAs(tx, id, 'failed', way ? 'retries_exhausted' : tried.length === 0 ? 'unreachable' : row.errorCode);
    const { timeZone, ...to } = way;
    const possibleDuplicate = row.status === 'started' && tried.length === 0;
    await tx
      .update(oncallNotices)
      .set({
        status: 'started',
        contactMethodId: to.contactMethodId,
        channel: to.channel,
        attempts: sql`${oncallNotices.attempts} + 1`,
        ...(possibleDuplicate ? { possibleDuplicate } : {}),
      })
      .where(eq(oncallNotices.id, id));
    if (row.status === 'pending') await auditStart(tx, row, to);
    const about = schedule === null ? await aboutContact(tx, row) : await aboutOf(tx, row, schedule, now);
    return { id, about, timeZone, ...to, possibleDuplicate };
  });
}

/** Notes what came of the call, and what the provider calls it. The first result stays. */
export async function settleNotice(
  db: Database,
  id: string,
  status: 'sent' | 'delivered' | 'unknown' | 'failed',
  errorCode: string | null,
  providerRef: string | null = null,
): Promise<void> {
  await db
    .update(oncallNotices)
    .set({ status, errorCode, providerRef, settledAt: sql`now()` })
    .where(and(eq(oncallNotices.id, id), isOpen));
}

/** Notes why a way did not work; another one is tried. */
export async function noteFailedWay(db: Database, id: string, errorCode: string): Promise<void> {
  await db.update(oncallNotices).set({ errorCode }).where(eq(oncallNotices.id, id));
}

/** Null for what proves a contact method. */
async function scheduleOf(tx: Transaction, { scheduleId }: NoticeRow): Promise<ScheduleRow | null> {
  if (scheduleId === null) return null;
  const [schedule] = await tx.select().from(schedules).where(eq(schedules.id, scheduleId));
  if (!schedule) throw new Error(`schedule ${scheduleId} is gone`);
  return schedule;
}

/** A hand-off is told only to who still comes on call then, and not when it is long over. */
function isWanted(row: NoticeRow, schedule: ScheduleRow | null, now: number): boolean {
  const { kind, personId, handOffAt, createdAt } = row;
  if (schedule === null) return createdAt.getTime() > now - contactNoticeMs;
  if (kind === 'swap' || handOffAt === null) return createdAt.getTime() > now - dayMs;
  const at = handOffAt.getTime();
  return at > now - hourMs && onCallAt(toSchedule(schedule), at).onCall.includes(personId);
}

async function nextWay(tx: Transaction, personId: string, tried: readonly string[]) {
  const person = (await findReachable(tx, [personId])).get(personId);
  const rule = [...(person?.rules.low ?? []), ...(person?.rules.high ?? [])].find(
    ({ contactMethodId }) => !tried.includes(contactMethodId),
  );
  if (!person || !rule) return null;
  const { contactMethodId, channel } = rule;
  const [method] = await tx
    .select({ address: contactMethods.address })
    .from(contactMethods)
    .where(eq(contactMethods.id, contactMethodId));
  return method ? { contactMethodId, channel, address: method.address, timeZone: person.timeZone } : null;
}

async function settleAs(tx: Transaction, id: string, status: 'superseded' | 'failed', errorCode: string | null) {
  await tx
    .update(oncallNotices)
    .set({ status, errorCode, settledAt: sql`now()` })
    .where(eq(oncallNotices.id, id));
  return null;
}

async function auditStart(
  tx: Transaction,
  { id, kind, scheduleId, personId, handOffAt, swapRequestId }: NoticeRow,
  { contactMethodId, channel }: { readonly contactMethodId: string; readonly channel: string },
): Promise<void> {
  const about = scheduleId === null ? { kind: 'principal', id: personId } : { kind: 'schedule', id: scheduleId };
  await audit(tx, about, {
    actor: systemActor,
    action: `${about.kind}.noticeStarted`,
    reason: kind,
    data: {
      noticeId: id,
      personId,
      contactMethodId,
      channel,
      swapRequestId,
      handOffAt: handOffAt?.toISOString() ?? null,
    },
  });
}

async function aboutOf(
  tx: Transaction,
  { handOffAt, swapRequestId }: NoticeRow,
  { name: scheduleName }: ScheduleRow,
  now: number,
): Promise<StartedNotice['about']> {
  if (handOffAt !== null) {
    const at = handOffAt.getTime();
    return { kind: 'handoff', scheduleName, handOffAt: at, isLate: at <= now };
  }
  const [swap] = await tx
    .select({ status: swapRequests.status })
    .from(swapRequests)
    .where(eq(swapRequests.id, swapRequestId ?? ''));
  return { kind: 'swap', scheduleName, status: swap?.status ?? 'withdrawn' };
}
