import { newId } from '../ids.ts';
import type { Transaction } from '../client.ts';
import { oncallNotices } from '../schema/index.ts';

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
