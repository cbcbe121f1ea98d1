import type { Client } from '@temporalio/client';
import pg from 'pg';
import type { Database } from '#db/client.ts';
import { claimCommands, postponeCommands, settleCommand } from '#db/repositories/commands.ts';
import type { CommandRow } from '#db/repositories/commands.ts';
import { deliver } from '#gateway/deliver.ts';
import type { Delivery } from '#gateway/deliver.ts';

export interface RelayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RelayOptions {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly temporal: Client;
  readonly log: RelayLog;
  /** How often it looks when nobody woke it, milliseconds. */
  readonly pollMs: number;
  /** Commands delivered side by side, at most one per workflow. */
  readonly batch?: number;
  readonly deadlineMs?: number;
}

export interface Relay {
  /** Resolves when the batch in hand is settled. */
  stop(): Promise<void>;
}

/**
 * Delivers the commands that intake and a failed API left in Postgres.
 *
 * The rows stay locked in an open transaction while they are delivered, so a killed relay frees them at once and any
 * number of relays share the work. Woken by NOTIFY; the poll covers lost notifications and postponed commands.
 */
export function startRelay(options: RelayOptions): Relay {
  const { log, pollMs, batch = 32 } = options;
  const wake = new Wake();
  const listener = listen(options, wake);
  let stopping = false;

  const loop = (async () => {
    while (!stopping) {
      try {
        const claimed = await deliverBatch(options, batch);
        if (claimed === batch) continue;
        if (claimed > 0 && !stopping) await wake.wait(5);
        else await wake.wait(pollMs);
      } catch (error) {
        log.warn({ err: error }, 'the relay could not work and tries again');
        await wake.wait(pollMs);
      }
    }
  })();

  return {
    async stop() {
      stopping = true;
      wake.now();
      await loop;
      await listener.stop();
    },
  };
}

async function deliverBatch({ db, temporal, log, deadlineMs = 5_000 }: RelayOptions, batch: number): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await claimCommands(tx, batch);
    const deliveries = await Promise.all(rows.map((row) => attempt(temporal, row, deadlineMs)));
    const away: string[] = [];
    for (const [index, row] of rows.entries()) {
      const delivery = deliveries[index];
      if (!delivery || delivery.status === 'away') {
        if (delivery) log.warn({ commandId: row.id, cause: delivery.cause }, 'command postponed');
        away.push(row.id);
      } else await settleCommand(tx, row, delivery);
    }
    await postponeCommands(tx, away);
    return rows.length;
  });

  async function attempt(client: Client, row: CommandRow, deadline: number): Promise<Delivery> {
    try {
      return await deliver(client, row, { deadlineMs: deadline, waitForRecord: false });
    } catch (error) {
      // One poisoned command must not stop those beside it; it is tried again, ever more rarely, and seen in the log.
      log.error({ commandId: row.id, name: row.name, err: error }, 'command failed unexpectedly');
      return { status: 'away', cause: 'unexpected failure' };
    }
  }
}

/** A wait that can be cut short. A wake that comes while nobody waits ends the next wait at once. */
class Wake {
  private pending = false;
  private release: (() => void) | null = null;

  now(): void {
    this.pending = true;
    this.release?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.pending = false;
    this.release = null;
  }
}

/** Keeps one connection of its own listening; after a loss it connects again, and the poll bridges the gap. */
function listen({ databaseUrl, log, pollMs }: RelayOptions, wake: Wake): { stop(): Promise<void> } {
  let stopping = false;
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;

  const connect = async () => {
    const next = new pg.Client({ connectionString: databaseUrl, application_name: 'vigil-relay-listener', keepAlive: true });
    next.on('notification', () => wake.now());
    next.on('error', (error) => {
      log.warn({ err: error }, 'the relay lost its listening connection');
      again();
    });
    next.on('end', again);
    client = next;
    await next.connect();
    await next.query('LISTEN vigil_commands');
    wake.now();
  };
  const again = () => {
    if (stopping || retry) return;
    retry = setTimeout(() => {
      retry = null;
      connect().catch(again);
    }, pollMs);
  };
  connect().catch(again);
  return {
    async stop() {
      stopping = true;
      if (retry) clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
