import type { Client } from '@temporalio/client';
import { asc, eq, inArray } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { newId } from '#db/ids.ts';
import { insertCommand, leaveCommand, releaseCommand, systemActor } from '#db/repositories/commands.ts';
import { auditEvents, commands } from '#db/schema/index.ts';
import { failuresBeforeGivingUp, startRelay } from '#worker/relay.ts';
import type { Relay, RelayOptions } from '#worker/relay.ts';
import type { CommandEnvelope } from '#workflows/contract.ts';
import { ApplicationFailure, WorkflowUpdateFailedError } from '@temporalio/client';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { runStatement } from '../support/run-statement.ts';

let database: TestDatabase;
let db: Database;
let relays: { relay: Relay; pool: Database }[] = [];

/** Deliveries in the order in which they began. */
let delivered: { workflowId: string; commandId: string; by: string }[] = [];
/** What one delivery does: nothing, unless the test says otherwise. */
let receive: (command: { workflowId: string; commandId: string; by: string }) => Promise<unknown>;

/** Deliveries that wait for the end of the test. */
let held: ((answer: unknown) => void)[] = [];

/** Waits as long as a busy machine may need. */
const soon = { timeout: 15_000 };

beforeAll(async () => {
  database = await createTestDatabase();
  db = openPool('vigil-test-relay');
});
beforeEach(async () => {
  delivered = [];
  receive = () => Promise.resolve({});
  await db.delete(commands);
});
afterEach(async () => {
  for (const release of held) release({});
  held = [];
  for (const { relay, pool } of relays) {
    await relay.stop();
    await pool.$client.end();
  }
  relays = [];
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

const openPool = (applicationName: string, size = 4): Database =>
  connectDatabase({
    url: database.appUrl,
    size,
    applicationName,
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });

/** A Temporal that does what the test says. */
function temporalOf(by: string): Client {
  const take = (workflowId: string, commandId: string): Promise<unknown> => {
    const command = { workflowId, commandId, by };
    delivered.push(command);
    return receive(command);
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

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

function start(name: string, options: Partial<RelayOptions> = {}): void {
  const pool = openPool(name);
  const relay = startRelay({
    db: pool,
    databaseUrl: database.appUrl,
    temporal: temporalOf(name),
    log: quiet,
    pollMs: 50,
    lanes: 1,
    ...options,
  });
  relays.push({ relay, pool });
}

let keys = 0;
/** Leaves a command as intake does; returns nothing, as intake gets nothing. */
const leave = (aggregateId: string, change: { priority?: number; mode?: 'signal' | 'update' } = {}): Promise<void> =>
  db.transaction((tx) =>
    leaveCommand(tx, {
      mode: change.mode ?? 'signal',
      name: 'acknowledge',
      kind: 'escalation',
      aggregateId,
      idempotencyKey: `key-${keys++}`,
      priority: change.priority ?? 3,
      input: {},
    }),
  );
const rows = () => db.select().from(commands).orderBy(asc(commands.seq));
const settled = async (): Promise<void> => {
  await expect.poll(async () => (await rows()).filter((row) => row.status === 'pending').length, soon).toBe(0);
};
const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the order', () => {
  it('is that of the messages for each workflow, whichever relay delivers them', async () => {
    const flows = ['a', 'b', 'c'];
    for (let round = 0; round < 8; round++) for (const flow of flows) await leave(flow);
    receive = () => pause(Math.random() * 8);
    start('relay-1', { batch: 2, lanes: 3 });
    start('relay-2', { batch: 2, lanes: 3 });
    await settled();
    const all = await rows();
    expect(delivered).toHaveLength(24);
    for (const flow of flows) {
      const ofFlow = delivered.filter(({ workflowId }) => workflowId === `escalation:${flow}`);
      expect(ofFlow.map(({ commandId }) => commandId)).toEqual(idsOf(all.filter((row) => row.aggregateId === flow)));
    }
  });

  it('is worst severity first among workflows', async () => {
    for (const [flow, priority] of [
      ['mild', 4],
      ['bad', 2],
      ['worst', 1],
      ['bad too', 2],
    ] as const)
      await leave(flow, { priority });
    start('relay-1', { batch: 1 });
    await settled();
    expect(delivered.map(({ workflowId }) => workflowId)).toEqual(
      ['worst', 'bad', 'bad too', 'mild'].map((flow) => `escalation:${flow}`),
    );
  });
});

describe('two relays', () => {
  it('share the work, and deliver nothing twice', async () => {
    for (let flow = 0; flow < 40; flow++) await leave(`flow-${flow}`);
    receive = () => pause(10);
    start('relay-1', { batch: 4 });
    start('relay-2', { batch: 4 });
    await settled();
    expect(new Set(delivered.map(({ commandId }) => commandId)).size).toBe(40);
    expect(delivered).toHaveLength(40);
    expect(new Set(delivered.map(({ by }) => by))).toEqual(new Set(['relay-1', 'relay-2']));
  });

  it('need no clock: what one held when it was killed, the other delivers at once', async () => {
    await leave('held');
    receive = ({ by }) => (by === 'doomed' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve({}));
    start('doomed');
    await expect.poll(() => delivered.length, soon).toBe(1);
    start('relay-2', { pollMs: 20 });
    await pause(200);
    expect(delivered).toHaveLength(1);
    await runStatement(
      database.ownerUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed'",
    );
    await settled();
    expect(delivered.map(({ by }) => by)).toEqual(['doomed', 'relay-2']);
  });
});

describe('a small pool', () => {
  it('is not used up by the lanes: what they start needs connections too', async () => {
    for (let flow = 0; flow < 6; flow++) await leave(`flow-${flow}`);
    const pool = openPool('small', 2);
    // As the record of a start does, whose answer the lane waits for.
    receive = () => pool.execute('SELECT 1');
    const temporal = temporalOf('relay-1');
    const relay = startRelay({ db: pool, databaseUrl: database.appUrl, temporal, log: quiet, pollMs: 50, batch: 1 });
    relays.push({ relay, pool });
    await settled();
    expect((await rows()).every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

describe('waking', () => {
  it('comes with the commit, not with the poll', async () => {
    start('relay-1', { pollMs: 60_000 });
    await leave('warm-up');
    await settled();
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = delivered.length;
      await leave(`flow-${round}`);
      const committed = performance.now();
      await expect.poll(() => delivered.length, { ...soon, interval: 1 }).toBe(before + 1);
      waits.push(performance.now() - committed);
    }
    expect(Math.min(...waits)).toBeLessThan(200);
  });

  it('comes again after the listening connection was lost', async () => {
    start('relay-1', { pollMs: 300 });
    await leave('before');
    await settled();
    await runStatement(
      database.ownerUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigil-relay-listener' AND datname = current_database()",
    );
    await leave('meanwhile');
    await settled();
    await leave('after');
    await settled();
    expect(delivered.map(({ workflowId }) => workflowId)).toEqual(
      ['before', 'meanwhile', 'after'].map((flow) => `escalation:${flow}`),
    );
  });
});

describe('a delivery that fails', () => {
  it('holds up its own workflow only, and is tried again ever more rarely', async () => {
    await leave('poisoned');
    await leave('poisoned');
    await leave('healthy');
    const [poisoned, behind, healthy] = await rows();
    receive = ({ commandId }) =>
      commandId === poisoned?.id ? Promise.reject(new Error('poison')) : Promise.resolve({});
    start('relay-1');
    await expect.poll(async () => (await rows())[0]?.attempts, soon).toBe(3);
    expect(await rows()).toMatchObject([
      { id: poisoned?.id, status: 'pending' },
      { id: behind?.id, status: 'pending', attempts: 0 },
      { id: healthy?.id, status: 'done' },
    ]);
    const [row] = await rows();
    expect((row?.nextAttemptAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(500);
    receive = () => Promise.resolve({});
    await db.update(commands).set({ nextAttemptAt: new Date() }).where(eq(commands.status, 'pending'));
    await settled();
    expect(delivered.at(-1)?.commandId).toBe(behind?.id);
  });

  it('because the code of its workflow breaks on it is given up in the end, and frees what waits behind it', async () => {
    const id = newId('escalation');
    await leave(id, { mode: 'update' });
    await leave(id, { mode: 'update' });
    const [poison, behind] = await rows();
    const broken = ApplicationFailure.create({ type: 'TypeError', message: 'what the sender wrote' });
    receive = ({ commandId }) =>
      commandId === poison?.id
        ? Promise.reject(new WorkflowUpdateFailedError('rejected', broken))
        : Promise.resolve({ version: 3 });
    start('relay-1');
    await expect.poll(async () => (await rows())[0]?.attempts, soon).toBe(1);
    expect((await rows())[0]).toMatchObject({ status: 'pending' });
    await db
      .update(commands)
      .set({ attempts: failuresBeforeGivingUp - 1, nextAttemptAt: new Date() })
      .where(eq(commands.id, poison?.id ?? ''));
    await settled();
    expect(await rows()).toMatchObject([
      { id: poison?.id, status: 'failed', outcome: { code: 'internal.unexpected', detail: { failure: 'TypeError' } } },
      { id: behind?.id, status: 'done' },
    ]);
    const events = await db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id));
    expect(events).toMatchObject([{ action: 'escalation.acknowledge.failed', cause: poison?.id }]);
    expect(JSON.stringify([events, await rows()])).not.toContain('what the sender wrote');
  });

  it('is tried again at once when a person comes to wait behind it', async () => {
    await leave('a');
    await db.update(commands).set({ attempts: 7, nextAttemptAt: new Date(Date.now() + 3_600_000) });
    start('relay-1');
    const { row } = await insertCommand(db, {
      principalId: 'per_1',
      idempotencyKey: `key-${keys++}`,
      mode: 'update',
      name: 'acknowledge',
      kind: 'escalation',
      aggregateId: 'a',
      input: {},
      actor: systemActor,
      priority: 1,
      reservedForMs: 3_600_000,
    });
    await releaseCommand(db, row);
    await settled();
    expect(idsOf(await rows())).toEqual(delivered.map(({ commandId }) => commandId));
  });

  it('with a refusal that cannot be stored undoes nothing of what else was settled', async () => {
    await leave('unstorable', { mode: 'update', priority: 1 });
    await leave('healthy');
    const unstorable = ApplicationFailure.create({
      type: 'escalation.resolved',
      message: 'over',
      details: [{ by: String.fromCharCode(0) }],
    });
    receive = ({ workflowId }) =>
      workflowId === 'escalation:healthy'
        ? Promise.resolve({})
        : Promise.reject(new WorkflowUpdateFailedError('refused', unstorable));
    start('relay-1', { pollMs: 20 });
    await expect.poll(async () => (await rows()).map(({ status }) => status), soon).toEqual(['pending', 'done']);
    expect(delivered.filter(({ workflowId }) => workflowId === 'escalation:healthy')).toHaveLength(1);
  });

  it('waits for a Temporal that is away, and is delivered when it is back', async () => {
    const away = Object.assign(new Error('14 UNAVAILABLE: no connection'), {
      code: 14,
      details: 'no connection',
      metadata: {},
    });
    let outage = true;
    receive = () => (outage ? Promise.reject(away) : Promise.resolve({}));
    await leave('a');
    await leave('b');
    start('relay-1');
    await expect.poll(async () => (await rows()).every((row) => row.attempts > 0), soon).toBe(true);
    expect(new Set((await rows()).map((row) => row.status))).toEqual(new Set(['pending']));
    outage = false;
    await settled();
    expect(new Set((await rows()).map((row) => row.status))).toEqual(new Set(['done']));
  });

  it('is a refusal when the workflow says no: kept on the command, with one audit event', async () => {
    const id = newId('escalation');
    await leave(id, { mode: 'update' });
    const refusal = ApplicationFailure.create({
      type: 'escalation.resolved',
      message: 'over',
      details: [{ version: 7 }],
    });
    receive = () => Promise.reject(new WorkflowUpdateFailedError('refused', refusal));
    start('relay-1');
    await settled();
    const [row] = await rows();
    expect(row).toMatchObject({ status: 'refused', outcome: { code: 'escalation.resolved', detail: { version: 7 } } });
    const events = await db
      .select()
      .from(auditEvents)
      .where(inArray(auditEvents.aggregateId, [id]));
    expect(events).toMatchObject([
      { action: 'escalation.acknowledge.refused', reason: 'escalation.resolved', cause: row?.id },
    ]);
  });
});
