import { sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';

export interface Heat {
  /** True while more comes in than this process should start workflows beside. */
  readonly isHot: boolean;
  stop(): void;
}

/** How often it looks, milliseconds: what the relay begins until it knows of a storm holds up the first pages of others. */
const everyMs = 200;

/**
 * Watches how many facts (alert events, messages to workflows) Postgres takes in a second. Above the limit intake is short
 * of the machine, and whoever starts workflows should leave it to intake: what is accepted now is paged a little later,
 * what is not accepted is lost to its sender. It looks at a counter, whatever the size of the tables.
 */
export function watchHeat(db: Database, above: number): Heat {
  let last: { count: number; at: number } | null = null;
  const heat = { isHot: false, stop: () => clearInterval(timer) };
  let isLooking = false;
  const look = async (): Promise<void> => {
    const { rows } = await db.execute<{ count: string | null }>(
      sql`SELECT pg_sequence_last_value('fact_seq'::regclass) AS count`,
    );
    const now = { count: Number(rows[0]?.count ?? 0), at: performance.now() };
    if (last !== null) heat.isHot = (now.count - last.count) / ((now.at - last.at) / 1_000) > above;
    last = now;
  };
  const timer = setInterval(() => {
    // Two that waited for a connection would be answered within a millisecond, and tell of no rate.
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(() => {
        // Without an answer nothing is known, and nothing is held back.
        heat.isHot = false;
      })
      .finally(() => {
        isLooking = false;
      });
  }, everyMs).unref();
  return heat;
}
