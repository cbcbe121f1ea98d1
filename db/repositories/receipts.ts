import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Database, Queryable, Transaction } from '../client.ts';
import { isId } from '#domain/ids.ts';
import { deliveries, escalations, oncallNotices } from '../schema/index.ts';
import { leaveCommands } from './commands.ts';

/** What a provider said of a page some time after it had taken it. */
export interface Receipt {
  /** The id of the page's row, or of a notice's. */
  readonly deliveryId: string;
  /** What the provider calls it. */
  readonly providerRef: string;
  readonly result: 'delivered' | 'failed_permanent' | 'failed_transient';
  /** Short and enumerated. */
  readonly errorCode: string | null;
}

/** In `error_code` of a page that was left to another message, which then did not arrive. */
export const carrierFailed = 'carrier_failed';

const undecided = ['started', 'sent', 'unknown'];

/**
 * Writes a receipt into the ledger and tells the ladder, in one transaction. Whatever is known for certain stays: a second
 * receipt, one for a page that is not there, and a failure of another message than the newest, change nothing. A receipt
 * may be there before the answer that the page was taken. What was left to a message that failed has failed with it.
 *
 * Returns whether it changed something. An escalation that is closed is not told; its ledger is right all the same.
 */
export async function acceptReceipt(db: Database, receipt: Receipt): Promise<boolean> {
  return db.transaction((tx) =>
    isId('oncallNotice', receipt.deliveryId) ? ofNotice(tx, receipt) : ofDelivery(tx, receipt),
  );
}

async function ofDelivery(tx: Transaction, receipt: Receipt): Promise<boolean> {
  const [row] = await tx.select().from(deliveries).where(eq(deliveries.id, receipt.deliveryId)).for('update');
  if (!row || !undecided.includes(row.status) || isOfAnother(row.providerRef, receipt)) return false;
  await tx.update(deliveries).set(settledBy(receipt)).where(eq(deliveries.id, row.id));
  if (row.kind === 'resolved') return true;
  await tell(tx, [row, ...(receipt.result === 'delivered' ? [] : await failBundled(tx, row.id))], receipt.result);
  return true;
}

type DeliveryRow = typeof deliveries.$inferSelect;

/** What was left to a message that did not arrive has been told by nobody. */
async function failBundled(tx: Transaction, carrierId: string): Promise<DeliveryRow[]> {
  return tx
    .update(deliveries)
    .set({ status: 'failed', bundledInto: null, errorCode: carrierFailed, settledAt: sql`now()` })
    .where(eq(deliveries.bundledInto, carrierId))
    .returning();
}

async function tell(tx: Transaction, pages: readonly DeliveryRow[], result: Receipt['result']): Promise<void> {
  const ids = [...new Set(pages.map(({ escalationId }) => escalationId))];
  const open = await tx
    .select({ id: escalations.id, severity: escalations.severity })
    .from(escalations)
    .where(and(inArray(escalations.id, ids), isNull(escalations.closedAt)));
  const severities = new Map(open.map(({ id, severity }) => [id, severity]));
  const told = pages.flatMap(({ id, escalationId, effectKey }) => {
    const severity = severities.get(escalationId);
    if (severity === undefined) return [];
    return [
      {
        idempotencyKey: `receipt:${id}:${result}`,
        mode: 'signal' as const,
        name: 'pageSettled',
        kind: 'escalation' as const,
        aggregateId: escalationId,
        input: { effectKey, result, deliveryId: id },
        // The person's next way waits for it.
        priority: result === 'delivered' ? severity : 1,
      },
    ];
  });
  await leaveCommands(tx, told);
}

async function ofNotice(tx: Transaction, receipt: Receipt): Promise<boolean> {
  const [row] = await tx.select().from(oncallNotices).where(eq(oncallNotices.id, receipt.deliveryId)).for('update');
  if (!row || !undecided.includes(row.status) || isOfAnother(row.providerRef, receipt)) return false;
  await tx.update(oncallNotices).set(settledBy(receipt)).where(eq(oncallNotices.id, row.id));
  return true;
}

/** A possible duplicate has two names at the provider: that one of them failed says nothing of the other. */
const isOfAnother = (known: string | null, { providerRef, result }: Receipt): boolean =>
  known !== null && known !== providerRef && result !== 'delivered';

const settledBy = ({ result, errorCode, providerRef }: Receipt) => ({
  status: result === 'delivered' ? 'delivered' : 'failed',
  errorCode,
  providerRef,
  settledAt: sql`now()`,
});

/** A page that its provider took and that no receipt has come for. */
export interface UnreceiptedPage {
  readonly deliveryId: string;
  readonly channel: string;
  readonly providerRef: string;
}

/**
 * Takes up to `limit` pages whose provider is to be asked what became of them: a minute after it took them, and then ever
 * more rarely, each time after twice as long, for an hour. Another worker that asks at the same time gets others.
 */
export async function takeUnreceipted(
  db: Queryable,
  channels: readonly string[],
  limit: number,
): Promise<UnreceiptedPage[]> {
  const due = db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(
      and(
        inArray(deliveries.status, ['sent', 'unknown']),
        inArray(deliveries.channel, [...channels]),
        sql`${deliveries.providerRef} IS NOT NULL`,
        sql`${deliveries.settledAt} BETWEEN now() - interval '1 hour' AND now() - interval '1 minute'`,
        sql`coalesce(now() - ${deliveries.receiptAskedAt} > ${deliveries.receiptAskedAt} - ${deliveries.settledAt}, true)`,
      ),
    )
    .orderBy(deliveries.settledAt)
    .limit(limit)
    .for('update', { skipLocked: true });
  const rows = await db
    .update(deliveries)
    .set({ receiptAskedAt: sql`now()` })
    .where(inArray(deliveries.id, due))
    .returning({ deliveryId: deliveries.id, channel: deliveries.channel, providerRef: deliveries.providerRef });
  return rows.map((row) => ({ ...row, providerRef: row.providerRef ?? '' }));
}
