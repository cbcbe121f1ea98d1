import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../client.ts';
import { idempotencyRecords } from '../schema/index.ts';

/** Which mail to which integration: kept with the answers to other senders, and forgotten with them. */
export interface TakenMail {
  readonly principalId: string;
  readonly integrationId: string;
  /** Hash of what makes two deliveries one mail. */
  readonly identity: string;
}

const keyOf = ({ integrationId, identity }: TakenMail): string => `mail:${integrationId}:${identity}`;

/** True when the mail was taken before, at most a week ago: its server did not get the answer. */
export async function wasMailTaken(db: Queryable, mail: TakenMail): Promise<boolean> {
  const rows = await db
    .select({ key: idempotencyRecords.key })
    .from(idempotencyRecords)
    .where(and(eq(idempotencyRecords.principalId, mail.principalId), eq(idempotencyRecords.key, keyOf(mail))));
  return rows.length > 0;
}

export async function noteMailTaken(db: Queryable, mail: TakenMail): Promise<void> {
  const { principalId, identity: requestSha256 } = mail;
  await db
    .insert(idempotencyRecords)
    .values({ principalId, key: keyOf(mail), requestSha256, status: 250, body: null, headers: {} })
    .onConflictDoNothing();
}
