import { ApplicationFailure, WorkflowUpdateFailedError } from '@temporalio/client';
import { eq, inArray } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { insertCommand, releaseCommand, systemActor } from '#db/repositories/commands.ts';
import { auditEvents, commands } from '#db/schema/index.ts';
import { failuresBeforeGivingUp } from '#worker/relay.ts';
import { idsOf, Relaying, soon } from '../support/relaying.ts';

let relaying: Relaying;

beforeAll(async () => {
  relaying = await Relaying.begin();
});
afterEach(() => relaying.reset());
afterAll(() => relaying.end());

describe('a delivery that fails', () => {
  it('holds up its own workflow only, and is tried again ever more rarely', async () => {
    await relaying.leave('poisoned');
    await relaying.leave('poisoned');
    await relaying.leave('healthy');
    const [poisoned, behind, healthy] = await relaying.rows();
    relaying.receive = ({ commandId }) =>
      commandId === poisoned?.id ? Promise.reject(new Error('poison')) : Promise.resolve({});
    relaying.start('relay-1', { lanes: 1 });
    await expect.poll(async () => (await relaying.rows())[0]?.attempts, soon).toBe(3);
    expect(await relaying.rows()).toMatchObject([
      { id: poisoned?.id, status: 'pending' },
      { id: behind?.id, status: 'pending', attempts: 0 },
      { id: healthy?.id, status: 'done' },
    ]);
    const [row] = await relaying.rows();
    expect((row?.nextAttemptAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(500);
    relaying.receive = () => Promise.resolve({});
    await relaying.db.update(commands).set({ nextAttemptAt: new Date() }).where(eq(commands.status, 'pending'));
    await relaying.settled();
    expect(relaying.delivered.at(-1)?.commandId).toBe(behind?.id);
  });

  it('because the code of its workflow breaks on it is given up in the end, and frees what waits behind it', async () => {
    const id = newId('escalation');
    await relaying.leave(id, { mode: 'update' });
    await relaying.leave(id, { mode: 'update' });
    const [poison, behind] = await relaying.rows();
    const broken = ApplicationFailure.create({ type: 'TypeError', message: 'what the sender wrote' });
    relaying.receive = ({ commandId }) =>
      commandId === poison?.id
        ? Promise.reject(new WorkflowUpdateFailedError('rejected', broken))
        : Promise.resolve({ version: 3 });
    relaying.start('relay-1', { lanes: 1 });
    await expect.poll(async () => (await relaying.rows())[0]?.attempts, soon).toBe(1);
    expect((await relaying.rows())[0]).toMatchObject({ status: 'pending' });
    await relaying.db
      .update(commands)
      .set({ attempts: failuresBeforeGivingUp - 1, nextAttemptAt: new Date() })
      .where(eq(commands.id, poison?.id ?? ''));
    await relaying.settled();
    expect(await relaying.rows()).toMatchObject([
      { id: poison?.id, status: 'failed', outcome: { code: 'internal.unexpected', detail: { failure: 'TypeError' } } },
      { id: behind?.id, status: 'done' },
    ]);
    const events = await relaying.db.select().from(auditEvents).where(eq(auditEvents.aggregateId, id));
    expect(events).toMatchObject([{ action: 'escalation.acknowledge.failed', cause: poison?.id }]);
    expect(JSON.stringify([events, await relaying.rows()])).not.toContain('what the sender wrote');
  });

  it('is tried again at once when a person comes to wait behind it', async () => {
    await relaying.leave('a');
    await relaying.db.update(commands).set({ attempts: 7, nextAttemptAt: new Date(Date.now() + 3_600_000) });
    relaying.start('relay-1', { lanes: 1 });
    const { row } = await insertCommand(relaying.db, {
      principalId: 'per_1',
      idempotencyKey: relaying.nextKey(),
      mode: 'update',
      name: 'acknowledge',
      kind: 'escalation',
      aggregateId: 'a',
      input: {},
      actor: systemActor,
      priority: 1,
      reservedForMs: 3_600_000,
    });
    await releaseCommand(relaying.db, row);
    await relaying.settled();
    expect(idsOf(await relaying.rows())).toEqual(relaying.delivered.map(({ commandId }) => commandId));
  });

  it('with a refusal that cannot be stored undoes nothing of what else was settled', async () => {
    await relaying.leave('unstorable', { mode: 'update', priority: 1 });
    await relaying.leave('healthy');
    const unstorable = ApplicationFailure.create({
      type: 'escalation.resolved',
      message: 'over',
      details: [{ by: String.fromCharCode(0) }],
    });
    relaying.receive = ({ workflowId }) =>
      workflowId === 'escalation:healthy'
        ? Promise.resolve({})
        : Promise.reject(new WorkflowUpdateFailedError('refused', unstorable));
    relaying.start('relay-1', { lanes: 1, pollMs: 20 });
    await expect
      .poll(async () => (await relaying.rows()).map(({ status }) => status), soon)
      .toEqual(['pending', 'done']);
    expect(relaying.delivered.filter(({ workflowId }) => workflowId === 'escalation:healthy')).toHaveLength(1);
  });

  it('waits for a Temporal that is away, and is delivered when it is back', async () => {
    const away = Object.assign(new Error('14 UNAVAILABLE: no connection'), {
      code: 14,
      details: 'no connection',
      metadata: {},
    });
    let outage = true;
    relaying.receive = () => (outage ? Promise.reject(away) : Promise.resolve({}));
    await relaying.leave('a');
    await relaying.leave('b');
    relaying.start('relay-1', { lanes: 1 });
    await expect.poll(async () => (await relaying.rows()).every((row) => row.attempts > 0), soon).toBe(true);
    expect(new Set((await relaying.rows()).map((row) => row.status))).toEqual(new Set(['pending']));
    outage = false;
    await relaying.settled();
    expect(new Set((await relaying.rows()).map((row) => row.status))).toEqual(new Set(['done']));
  });

  it('is a refusal when the workflow says no: kept on the command, with one audit event', async () => {
    const id = newId('escalation');
    await relaying.leave(id, { mode: 'update' });
    const refusal = ApplicationFailure.create({
      type: 'escalation.resolved',
      message: 'over',
      details: [{ version: 7 }],
    });
    relaying.receive = () => Promise.reject(new WorkflowUpdateFailedError('refused', refusal));
    relaying.start('relay-1', { lanes: 1 });
    await relaying.settled();
    const [row] = await relaying.rows();
    expect(row).toMatchObject({ status: 'refused', outcome: { code: 'escalation.resolved', detail: { version: 7 } } });
    const events = await relaying.db
      .select()
      .from(auditEvents)
      .where(inArray(auditEvents.aggregateId, [id]));
    expect(events).toMatchObject([
      { action: 'escalation.acknowledge.refused', reason: 'escalation.resolved', cause: row?.id },
    ]);
  });
});
