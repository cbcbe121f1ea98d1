import { sql } from 'drizzle-orm';
import type { Database, Queryable } from '../client.ts';
import { providerCircuits } from '../schema/index.ts';

export type ProviderCircuitRow = typeof providerCircuits.$inferSelect;

export interface SeenCircuit {
  readonly provider: string;
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly failuresInRow: number;
  readonly refused: number;
  readonly retryAfterMs: number | null;
}

/** Writes what a worker sees of a provider; of several workers the last word stays. */
export async function noteCircuit(db: Database, seen: SeenCircuit): Promise<void> {
  const isShut = seen.circuit !== 'closed';
  const now = {
    state: seen.circuit,
    failures: seen.failuresInRow,
    refused: seen.refused,
    retryAt: seen.retryAfterMs === null ? null : sql`now() + make_interval(secs => ${seen.retryAfterMs / 1_000})`,
    updatedAt: sql`now()`,
  };
  await db
    .insert(providerCircuits)
    .values({ provider: seen.provider, ...now, openedAt: isShut ? sql`now()` : null })
    .onConflictDoUpdate({
      target: providerCircuits.provider,
      set: { ...now, openedAt: isShut ? sql`coalesce(${providerCircuits.openedAt}, now())` : null },
    });
}

/** The providers whose circuit has ever changed, those in trouble first. At most 200. */
export async function listCircuits(db: Queryable): Promise<ProviderCircuitRow[]> {
  return db
    .select()
    .from(providerCircuits)
    .orderBy(sql`${providerCircuits.state} = 'closed'`, sql`${providerCircuits.updatedAt} DESC`)
    .limit(200);
}
