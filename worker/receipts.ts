import type { AskReceipt } from '#activities/clients/twilio-receipts.ts';
import type { Database } from '#db/client.ts';
import { acceptReceipt, takeUnreceipted } from '#db/repositories/receipts.ts';
import { secondMs } from '#domain/time.ts';
import type { RelayLog } from './relay.ts';

export interface ReceiptsOptions {
  readonly db: Database;
  /** By channel. */
  readonly asks: ReadonlyMap<string, AskReceipt>;
  readonly log: RelayLog;
  /** Default 15 seconds. */
  readonly everyMs?: number;
}

/** Questions of one round: a provider that was away is not asked about everything at once. */
const batch = 50;

/** A provider that does not answer so many is left alone until the next round. */
const mostUnanswered = 3;

/**
 * Asks providers what became of pages for which no receipt came, since a lost callback must not leave a page that never
 * arrived as sent.
 *
 * A loop of the worker, not of a workflow: the question changes nothing, and what is to be asked stands in Postgres, so a
 * killed worker leaves nothing behind and no history grows by it.
 */
export function pollReceipts(options: ReceiptsOptions): { stop(): Promise<void> } {
  const { log, everyMs = 15 * secondMs } = options;
  let timer: NodeJS.Timeout | null = null;
  let isStopping = false;
  let current: Promise<void> = Promise.resolve();

  const round = async () => {
    try {
      await askForReceipts(options);
    } catch (error) {
      log.warn({ err: error }, 'receipts could not be asked for and are asked for again');
    }
    if (!isStopping)
      timer = setTimeout(() => {
        current = round();
      }, everyMs);
  };
  if (options.asks.size > 0) current = round();
  return {
    async stop() {
      isStopping = true;
      if (timer) clearTimeout(timer);
      await current;
    },
  };
}

/** One round. What a provider does not answer now is asked again later; returns how many pages were settled. */
export async function askForReceipts({ db, asks, log }: Pick<ReceiptsOptions, 'db' | 'asks' | 'log'>): Promise<number> {
  let settled = 0;
  let unanswered = 0;
  for (const { deliveryId, channel, providerRef } of await takeUnreceipted(db, [...asks.keys()], batch)) {
    try {
      const receipt = (await asks.get(channel)?.(providerRef)) ?? null;
      if (receipt !== null && (await acceptReceipt(db, { deliveryId, providerRef, ...receipt }))) settled++;
    } catch (error) {
      // The kind only: what a provider says may quote an address.
      if (++unanswered === mostUnanswered) return settled;
      log.warn({ deliveryId, cause: error instanceof Error ? error.name : 'unknown' }, 'a provider gave no receipt');
    }
  }
  return settled;
}
