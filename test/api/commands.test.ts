import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertCommand, settleCommand } from '#db/repositories/commands.ts';
import type { CommandRow } from '#db/repositories/commands.ts';
import { commands } from '#db/schema/index.ts';
import { startTestApi, stubTemporal } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

/** What the workflow answers in the present test. */
let executeUpdate: () => Promise<unknown>;
let calls: { updateId: string }[];
let api: TestApi;
let world: World;
let responder: Caller;

beforeAll(async () => {
  api = await startTestApi(
    stubTemporal({
      executeUpdate: (_name, options) => {
        calls.push(options);
        return executeUpdate();
      },
    }),
  );
  responder = await api.principal({ roles: ['responder'] });
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  calls = [];
  executeUpdate = () => Promise.resolve({ version: 7, acknowledgedBy: 'someone' });
});

const acknowledge = (key: string, body: object = {}, caller = responder) =>
  caller.call('POST', `/v1/escalations/${world.escalationId}/acknowledgements`, body, { 'idempotency-key': key });

async function auditActions(): Promise<string[]> {
  const auditor = await api.principal({ roles: ['auditor'] });
  const answer = await auditor.call('GET', `/v1/audit/escalation/${world.escalationId}/events`);
  return answer.statusCode === 404 ? [] : answer.json().items.map(({ action }: { action: string }) => action);
}

describe('a command to a workflow', () => {
  it('answers 201 with what the workflow said, under the id of its row', async () => {
    const answer = await acknowledge(randomUUID(), { note: 'I am on it' });
    expect(answer.statusCode).toBe(201);
    const { commandId } = answer.json();
    expect(answer.json()).toEqual({
      commandId,
      status: 'done',
      aggregate: { kind: 'escalation', id: world.escalationId },
      version: 7,
      result: { acknowledgedBy: 'someone' },
    });
    expect(calls.map(({ updateId }) => updateId)).toEqual([commandId]);
    const stored = await responder.call('GET', `/v1/commands/${commandId}`);
    expect(stored.json()).toMatchObject({ status: 'done', aggregate: { id: world.escalationId } });
  });

  it('is asked for under a key: without one it is 400 and nothing is sent', async () => {
    for (const key of ['', ' ', '""', 'x'.repeat(201)]) {
      const answer = await acknowledge(key);
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'idempotency.key_missing']);
    }
    expect(calls).toEqual([]);
  });

  it('is carried out once: the same key gets the stored answer, bare or quoted', async () => {
    const key = randomUUID();
    const first = await acknowledge(key);
    const again = await acknowledge(`"${key}"`);
    expect([again.statusCode, again.json()]).toEqual([201, first.json()]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(calls).toHaveLength(1);
  });

  it('refuses a key that was used for another request, and takes the same key from another person', async () => {
    const key = randomUUID();
    await acknowledge(key);
    const other = await acknowledge(key, { note: 'something else' });
    expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency.key_reused']);
    const colleague = await api.principal({ roles: ['responder'] });
    expect((await acknowledge(key, {}, colleague)).statusCode).toBe(201);
    expect(calls).toHaveLength(2);
  });

  it('says 409 while the first request is running, and its answer afterwards', async () => {
    const key = randomUUID();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const called = Promise.withResolvers<void>();
    executeUpdate = () => {
      called.resolve();
      return promise;
    };
    const first = acknowledge(key);
    await called.promise;
    const second = await acknowledge(key);
    expect([second.statusCode, second.json().code]).toEqual([409, 'idempotency.in_progress']);
    expect(second.headers['retry-after']).toBe('1');
    resolve({ version: 8 });
    expect((await first).statusCode).toBe(201);
    expect((await acknowledge(key)).json().version).toBe(8);
    expect(calls).toHaveLength(1);
  });

  it('runs once when twenty requests with one key come at the same time', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => acknowledge(key)));
    expect(calls).toHaveLength(1);
    for (const answer of answers) expect([201, 409]).toContain(answer.statusCode);
    const done = answers.filter(({ statusCode }) => statusCode === 201).map((answer) => answer.json().commandId);
    expect(new Set(done).size).toBe(1);
  });

  it('records a refusal in the audit, once, and repeats it for the same key', async () => {
    executeUpdate = () =>
      Promise.reject(
        new WorkflowUpdateFailedError(
          'refused',
          ApplicationFailure.create({ type: 'escalation.resolved', message: 'refused', details: [{ resolvedAt: 5 }] }),
        ),
      );
    const key = randomUUID();
    const refused = await acknowledge(key);
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'escalation.resolved']);
    expect(refused.json().context).toMatchObject({ resolvedAt: 5, commandId: expect.stringMatching(/^cmd_/) });
    const again = await acknowledge(key);
    expect([again.statusCode, again.json().code]).toEqual([409, 'escalation.resolved']);
    expect(await auditActions()).toEqual(['escalation.acknowledge.refused']);
  });

  it('on which the code of the workflow breaks is over: 500, recorded, and nothing waits behind it', async () => {
    const broken = ApplicationFailure.create({ type: 'TypeError', message: 'quotes what was sent' });
    executeUpdate = () => Promise.reject(new WorkflowUpdateFailedError('rejected', broken));
    const key = randomUUID();
    const failed = await acknowledge(key);
    expect([failed.statusCode, failed.json().code]).toEqual([500, 'internal.unexpected']);
    expect((await acknowledge(key)).statusCode).toBe(500);
    expect(calls).toHaveLength(1);
    expect(await auditActions()).toEqual(['escalation.acknowledge.failed']);
    executeUpdate = () => Promise.resolve({ version: 9 });
    expect((await acknowledge(randomUUID())).statusCode).toBe(201);
  });

  it('is answered with the outcome that stands, when the relay was faster than a stalled request', async () => {
    executeUpdate = async () => {
      const [row] = await api.db.select().from(commands).where(eq(commands.aggregateId, world.escalationId));
      if (!row) throw new Error('no command');
      await api.db.transaction((tx) =>
        settleCommand(tx, row as CommandRow, { status: 'done', answer: { version: 4, by: 'relay' } }),
      );
      throw new WorkflowUpdateFailedError(
        'refused',
        ApplicationFailure.create({ type: 'escalation.resolved', message: 'refused' }),
      );
    };
    const answer = await acknowledge(randomUUID());
    expect([answer.statusCode, answer.json().result]).toEqual([201, { by: 'relay' }]);
    expect(await auditActions()).toEqual([]);
  });

  it('is accepted with 202 and a place to look when the worker does not answer in time', async () => {
    executeUpdate = () => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('deadline'));
    const key = randomUUID();
    const accepted = await acknowledge(key);
    expect(accepted.statusCode).toBe(202);
    const { commandId } = accepted.json();
    expect(accepted.headers['location']).toBe(`/v1/commands/${commandId}`);
    expect(accepted.json()).toMatchObject({ status: 'pending', version: null });
    expect((await responder.call('GET', `/v1/commands/${commandId}`)).json().status).toBe('pending');
    const again = await acknowledge(key);
    expect([again.statusCode, again.json().commandId]).toEqual([202, commandId]);
    expect(calls).toHaveLength(1);
    expect(await auditActions()).toEqual([]);
  });

  it('waits its turn behind an earlier message to the same workflow instead of overtaking it', async () => {
    await insertCommand(api.db, {
      principalId: 'vigil',
      idempotencyKey: `earlier:${world.escalationId}`,
      mode: 'signal',
      name: 'sourceChanged',
      kind: 'escalation',
      aggregateId: world.escalationId,
      input: {},
      actor: { kind: 'system', id: 'vigil' },
      priority: 1,
    });
    expect((await acknowledge(randomUUID())).statusCode).toBe(202);
    expect(calls).toEqual([]);
  });

  it('shows a command to its asker and to auditors, to nobody else', async () => {
    const { commandId } = (await acknowledge(randomUUID())).json();
    const url = `/v1/commands/${commandId}`;
    expect((await (await api.principal({ roles: ['auditor'] })).call('GET', url)).statusCode).toBe(200);
    expect((await (await api.principal({ roles: ['responder'] })).call('GET', url)).statusCode).toBe(404);
  });

  it('counts how commands were answered, without ids', async () => {
    await acknowledge(randomUUID());
    const metrics = (await api.app.inject('/metrics')).body;
    expect(metrics).toMatch(/vigil_commands_total\{kind="escalation",name="acknowledge",outcome="done"\} [1-9]/);
    expect(metrics).not.toMatch(/(esc|per|cmd|tea)_[0-9a-f]{32}/);
  });
});
