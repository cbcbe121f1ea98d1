import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Database, Transaction } from '#db/client.ts';
import { claimCommands, claimUrgent } from '#db/repositories/command-claims.ts';
import { postponeCommands, settleCommand } from '#db/repositories/commands.ts';
import type { CommandRow, Outcome } from '#db/repositories/commands.ts';
import { deliver } from '#gateway/deliver.ts';
import type { Delivery } from '#gateway/deliver.ts';
import type { Heat } from './heat.ts';
import { listenForCommands, Wake } from './wake.ts';

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
  /**
   * Lanes that deliver side by side: a workflow that does not answer holds up one of them, not the pages behind it. Each
   * holds a connection, so by default they leave half of the pool to the work that they start.
   */
  readonly lanes?: number;
  /**
   * Commands that one lane delivers at a time, at most one per workflow. All lanes together begin no more than the machine
   * digests in a second: what waits in Postgres goes by severity and share, what is begun no longer does.
   */
  readonly batch?: number;
  readonly deadlineMs?: number;
  /** While it is hot all lanes but one rest, so that intake has the machine. Left out: they never do. */
  readonly heat?: Pick<Heat, 'isHot'>;
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
  const { log, pollMs, batch = 3 } = options;
  const { lanes = Math.max(1, Math.min(6, Math.floor(options.db.$client.options.max / 2))) } = options;
  const wake = new Wake();
  const listener = listenForCommands(options, wake);
  const life = { isStopping: false };

  const lane = async (number: number) => {
    while (!life.isStopping) {
      try {
        if (options.heat?.isHot === true && number > 0) {
          await pause(restMs);
          continue;
        }
        const isHot = options.heat?.isHot === true;
        const claimed = await deliverBatch(options, batch, isHot);
        if (isHot) await pause(hotPauseMs);
        else if (claimed === batch || life.isStopping) continue;
        // What was claimed may have had a next message for the same workflow behind it.
        await wake.wait(claimed > 0 ? 5 : pollMs);
      } catch (error) {
        log.warn({ err: error }, 'the relay could not work and tries again');
        await wake.wait(pollMs);
      }
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));

  return {
    async stop() {
      life.isStopping = true;
      wake.now();
      await running;
      await listener.stop();
    },
  };
}

/** Commands that are delivered at a time while more comes in than should be started. */
const hotBatch = 2;
/** What must not wait has places of its own: the one lane that works then takes so many of it each time. */
const urgentBatch = 8;
/** And so long after them, milliseconds: a start costs as much of the machine as accepting fifty alerts. */
const hotPauseMs = 250;
/** How long a lane rests before it looks again, milliseconds. */
const restMs = 200;

/**
 * Deliveries of a command that its workflow's code breaks on, over about four minutes: a deployment in progress ends
 * meanwhile. Then it is given up, because an acknowledgement may wait behind it.
 */
export const failuresBeforeGivingUp = 12;

/** Little is started, but an acknowledgement and the worst pages do not wait for the storm to end. */
async function claimWhileHot(tx: Transaction, batch: number): Promise<CommandRow[]> {
  const urgent = await claimUrgent(tx, urgentBatch);
  const others = await claimCommands(tx, Math.min(batch, hotBatch));
  return [...urgent, ...others.filter((row) => !urgent.some(({ id }) => id === row.id))];
}

async function deliverBatch(
  { db, temporal, log, deadlineMs = 3_000 }: RelayOptions,
  batch: number,
  isHot: boolean,
): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = isHot ? await claimWhileHot(tx, batch) : await claimCommands(tx, batch);
    const deliveries = await Promise.all(rows.map((row) => attempt(temporal, row, deadlineMs)));
    const away: string[] = [];
    for (const [index, row] of rows.entries()) {
      const delivery = deliveries[index];
      const about = { commandId: row.id, name: row.name };
      if (!delivery || delivery.status === 'away') {
        if (delivery) log.warn({ ...about, cause: delivery.cause }, 'command postponed');
        away.push(row.id);
      } else if (delivery.status === 'failed' && row.attempts + 1 < failuresBeforeGivingUp) {
        log.error({ ...about, ...delivery.detail }, 'command failed and is tried again');
        away.push(row.id);
      } else if (delivery.status === 'done') await settleCommand(tx, row, delivery);
      else if (!(await settleApart(tx, row, delivery))) away.push(row.id);
    }
    await postponeCommands(tx, away);
    return rows.length;
  });

  /** What a workflow says no with may be something that cannot be stored: that must not undo what else was settled. */
  async function settleApart(tx: Transaction, row: CommandRow, outcome: Outcome): Promise<boolean> {
    try {
      await tx.transaction((savepoint) => settleCommand(savepoint, row, outcome));
      return true;
    } catch (error) {
      log.error({ commandId: row.id, name: row.name, err: error }, 'the outcome of a command could not be stored');
      return false;
    }
  }

  async function attempt(client: Client, row: CommandRow, deadline: number): Promise<Delivery> {
    try {
      return await deliver(client, row, { deadlineMs: deadline });
    } catch (error) {
      // One poisoned command must not stop those beside it; it is tried again, ever more rarely, and seen in the log.
      log.error({ commandId: row.id, name: row.name, err: error }, 'command failed unexpectedly');
      return { status: 'away', cause: 'unexpected failure' };
    }
  }
}
