import { sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';

export interface Traffic {
  readonly count: number;
  /** When the first of them happened. */
  readonly from: Date;
  readonly everyMs: number;
  readonly delayMs: number;
  readonly synthetic?: boolean;
}

let batches = 0;

/** Product events with given times of happening and arrival; they land in the default partition. */
export async function seedTraffic(db: Database, productId: string, traffic: Traffic): Promise<void> {
  const batch = `batch-${batches++}`;
  await db.execute(sql`
    INSERT INTO product_events (occurred_on, product_id, source_id, id, kind, account_ref, attributes, synthetic, occurred_at, received_at)
    SELECT (happened AT TIME ZONE 'UTC')::date, ${productId}, ${batch} || '-' || n, ${batch} || '-' || ${productId} || '-' || n, 'message', 'account-' || n, '{}',
      ${traffic.synthetic ?? false}, happened, happened + make_interval(secs => ${traffic.delayMs / 1_000})
    FROM generate_series(0, ${traffic.count - 1}) AS n,
      LATERAL (SELECT ${traffic.from.toISOString()}::timestamptz + make_interval(secs => n * ${traffic.everyMs / 1_000}::float8) AS happened) moment`);
}
