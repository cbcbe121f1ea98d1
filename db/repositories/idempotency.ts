import { and, eq, sql } from 'drizzle-orm';
import type { Json } from '#domain/json.ts';
import type { Queryable, Transaction } from '../client.ts';
import { idempotencyRecords } from '../schema/index.ts';

export interface StoredAnswer {
  readonly requestSha256: string;
  readonly status: number;
  /** Null for an answer without a body, and for one that is not kept. */
  readonly body: Json;
  readonly headers: { readonly [name: string]: string };
}

/** Takes the key until the transaction ends; false while another transaction has it. */
export async function takeKey(tx: Transaction, principalId: string, key: string): Promise<boolean> {
  const { rows } = await tx.execute<{ taken: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(hashtextextended(${`${principalId} ${key}`}, 0)) AS taken`,
  );
  return rows[0]?.taken ?? false;
}

export async function findAnswer(db: Queryable, principalId: string, key: string): Promise<StoredAnswer | null> {
  const [row] = await db
    .select()
    .from(idempotencyRecords)
    .where(and(eq(idempotencyRecords.principalId, principalId), eq(idempotencyRecords.key, key)));
  return row ? { ...row, body: row.body as Json, headers: row.headers as StoredAnswer['headers'] } : null;
}

export async function storeAnswer(
  tx: Transaction,
  principalId: string,
  key: string,
  answer: StoredAnswer,
): Promise<void> {
  await tx.insert(idempotencyRecords).values({ principalId, key, ...answer });
}
