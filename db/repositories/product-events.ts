import { sql } from 'drizzle-orm';
import type { Json } from '#domain/json.ts';
import { dayMs, toIso } from '#domain/time.ts';
import type { Database, Transaction } from '../client.ts';
import { derivedId, sha256Hex } from '../ids.ts';

export interface NewProductEvent {
  /** The product's own id of the event: a second one with the same id on the same day is the same event. */
  readonly sourceId: string;
  readonly kind: string;
  readonly accountRef: string;
  readonly occurredAt: string;
  readonly attributes: { readonly [name: string]: string | number | boolean };
  readonly text: string | null;
  readonly synthetic?: boolean;
}

/**
 * Stores a batch of product events with their content; returns how many were new.
 *
 * One statement each for content and events, whatever the size of the batch. What was stored before stays as it was.
 */
export async function insertProductEvents(
  tx: Transaction,
  productId: string,
  events: readonly NewProductEvent[],
): Promise<number> {
  const rows = events.map((event) => ({
    source_id: event.sourceId,
    id: derivedId('productEvent', productId, event.sourceId),
    kind: event.kind,
    account_ref: event.accountRef,
    attributes: event.attributes,
    content_id: event.text === null ? null : derivedId('contentItem', productId, event.sourceId),
    synthetic: event.synthetic ?? false,
    occurred_at: event.occurredAt,
  }));
  await ensurePartitions(
    tx,
    rows.map((row) => row.occurred_at.slice(0, 10)),
  );
  const content = events.flatMap((event, index) =>
    event.text === null ? [] : [{ id: rows[index]?.content_id, body: event.text, sha256: sha256Hex(event.text) }],
  );
  if (content.length > 0) {
    await tx.execute(sql`
      INSERT INTO content_items (id, product_id, body, sha256)
      SELECT id, ${productId}, body, sha256
      FROM jsonb_to_recordset(${JSON.stringify(content)}::jsonb) AS item(id text, body text, sha256 text)
      ON CONFLICT (id) DO NOTHING`);
  }
  const inserted = await tx.execute(sql`
    INSERT INTO product_events (occurred_on, product_id, source_id, id, kind, account_ref, attributes, content_id, synthetic, occurred_at)
    SELECT (occurred_at AT TIME ZONE 'UTC')::date, ${productId}, source_id, id, kind, account_ref, attributes, content_id, synthetic, occurred_at
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS event(
      source_id text, id text, kind text, account_ref text, attributes jsonb, content_id text, synthetic boolean, occurred_at timestamptz)
    ON CONFLICT DO NOTHING`);
  return inserted.rowCount ?? 0;
}

const knownPartitions = new Set<string>();

/**
 * Days of the last month get a partition of their own; events of older ones lie as well in the default partition. A new
 * partition locks the table until the transaction ends, and a backfill of years would make thousands of them.
 */
async function ensurePartitions(tx: Transaction, days: readonly string[]): Promise<void> {
  const oldest = toIso(Date.now() - 31 * dayMs).slice(0, 10);
  for (const day of new Set(days)) {
    if (day < oldest || knownPartitions.has(day)) continue;
    await tx.execute(sql`SELECT ensure_product_event_partition(${day}::date)`);
    if (knownPartitions.size > 1_000) knownPartitions.clear();
    knownPartitions.add(day);
  }
}

export interface StoredProductEvent {
  readonly id: string;
  readonly transactionId: string;
  readonly seq: number;
  readonly accountRef: string;
  readonly kind: string;
  readonly attributes: { readonly [name: string]: Json };
  readonly contentId: string | null;
  readonly text: string | null;
  readonly synthetic: boolean;
  readonly occurredAt: string;
}

export interface EventCursor {
  readonly transactionId: string;
  readonly seq: number;
}

/**
 * The next events after a cursor, oldest first, with their text when asked for.
 *
 * Only events whose transaction is older than every running one: a slower writer can no longer put an event before the
 * cursor, so none is ever passed over.
 */
export async function readProductEvents(
  db: Database,
  productId: string,
  after: EventCursor,
  options: { readonly limit: number; readonly withText: boolean },
): Promise<StoredProductEvent[]> {
  const { rows } = await db.execute<{
    id: string;
    transaction_id: string;
    seq: string;
    account_ref: string;
    kind: string;
    attributes: { [name: string]: Json };
    content_id: string | null;
    body: string | null;
    synthetic: boolean;
    occurred_at: string;
  }>(sql`
    SELECT event.id, event.transaction_id::text, event.seq, event.account_ref, event.kind, event.attributes, event.content_id,
      ${options.withText ? sql`content.body` : sql`NULL`} AS body, event.synthetic,
      to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS occurred_at
    FROM product_events event
    LEFT JOIN content_items content ON ${options.withText} AND content.id = event.content_id
    WHERE event.product_id = ${productId}
      AND (event.transaction_id, event.seq) > (${after.transactionId}::xid8, ${after.seq})
      AND event.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY event.transaction_id, event.seq
    LIMIT ${options.limit}`);
  return rows.map((row) => ({
    id: row.id,
    transactionId: row.transaction_id,
    seq: Number(row.seq),
    accountRef: row.account_ref,
    kind: row.kind,
    attributes: row.attributes,
    contentId: row.content_id,
    text: row.body,
    synthetic: row.synthetic,
    occurredAt: row.occurred_at,
  }));
}
