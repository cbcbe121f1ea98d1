import type { Client } from '@temporalio/client';
import { asc } from 'drizzle-orm';
import { expect } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { leaveCommand } from '#db/repositories/commands.ts';
import type { CommandMode } from '#db/repositories/commands.ts';
import { commands } from '#db/schema/index.ts';
import { startRelay } from '#worker/relay.ts';
import type { Relay, RelayOptions } from '#worker/relay.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

/** One delivery, and the relay that made it. */
export interface Delivered {
  readonly workflowId: string;
  readonly commandId: string;
  readonly by: string;
}

/** Waits as long as a busy machine may need. */
export const soon = { timeout: 15_000 };

/** Relays over a database of the test file's own, before a Temporal that does what the test says. */
export class Relaying {
  readonly database: TestDatabase;
  readonly db: Database;
  /** Deliveries in the order in which they began. */
  delivered: Delivered[] = [];
  /** What one delivery does: nothing, unless the test says otherwise. */
  receive: (command: Delivered) => Promise<unknown> = () => Promise.resolve({});
  private relays: { relay: Relay; pool: Database }[] = [];
  private keys = 0;

  private constructor(database: TestDatabase) {
    this.database = database;
    this.db = this.openPool('vigil-test-relay', 4);
  }

  static async begin(): Promise<Relaying> {
    return new Relaying(await createTestDatabase());
  }

  /** Starts a relay of that name over a pool of its own; returns the pool. */
  start(name: string, { size = 4, ...options }: Partial<RelayOptions> & { readonly size?: number } = {}): Database {
    const pool = this.openPool(name, size);
    const relay = startRelay({
      db: pool,
      databaseUrl: this.database.appUrl,
      temporal: this.temporalOf(name),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      pollMs: 50,
      ...options,
    });
    this.relays.push({ relay, pool });
    return pool;
  }

  /** Leaves a command as intake does. */
  leave(aggregateId: string, change: { priority?: number; mode?: CommandMode; shareKey?: string } = {}): Promise<void> {
    const { mode = 'signal', priority = 3, shareKey = '' } = change;
    const idempotencyKey = this.nextKey();
    return this.db.transaction((tx) =>
      leaveCommand(tx, {
        mode,
        name: 'acknowledge',
        kind: 'escalation',
        aggregateId,
        idempotencyKey,
        priority,
        shareKey,
        input: {},
      }),
    );
  }

  nextKey(): string {
    return `key-${this.keys++}`;
  }

  rows() {
    return this.db.select().from(commands).orderBy(asc(commands.seq));
  }

  async settled(): Promise<void> {
    await expect.poll(async () => (await this.rows()).filter((row) => row.status === 'pending').length, soon).toBe(0);
  }

  /** Stops the relays and forgets everything, for the next test. */
  async reset(): Promise<void> {
    for (const { relay, pool } of this.relays.splice(0)) {
      await relay.stop();
      await pool.$client.end();
    }
    this.delivered = [];
    this.receive = () => Promise.resolve({});
    await this.db.delete(commands);
  }

  async end(): Promise<void> {
    await this.db.$client.end();
    await this.database.drop();
  }

  private openPool(applicationName: string, size: number): Database {
    const url = this.database.appUrl;
    return connectDatabase({
      url,
      size,
      applicationName,
      statementTimeoutMs: 10_000,
      onIdleError: () => undefined,
    });
  }

  private temporalOf(by: string): Client {
    const take = (workflowId: string, commandId: string): Promise<unknown> => {
      const command = { workflowId, commandId, by };
      this.delivered.push(command);
      return this.receive(command);
    };
    const getHandle = (workflowId: string) => ({
      signal: (_: unknown, envelope: CommandEnvelope) => take(workflowId, envelope.commandId),
      executeUpdate: (_: unknown, options: { updateId: string }) => take(workflowId, options.updateId),
    });
    return {
      workflow: { getHandle },
      withDeadline: (_: number, work: () => Promise<unknown>) => work(),
    } as unknown as Client;
  }
}

export const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
