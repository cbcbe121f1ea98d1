import { WithStartWorkflowOperation } from '@temporalio/client';
import { sql } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findOrphans } from '#gateway/orphans.ts';
import { aggregates, queues, update, workflowId } from '#workflows/contract.ts';
import { newId, sha256Hex } from '#db/ids.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { roleGrants, tokens } from '#db/schema/index.ts';
import { testApiOver } from '../support/api.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { readLedger } from '../support/ladder-ledger.ts';
import { acknowledge, forward, ladderWhen, seedTwoRungs, trigger } from '../support/two-rungs.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let app: FastifyInstance;
const phones = new FakePhones();
beforeAll(async () => {
  // By default the server deletes a workflow only when its queues have noted, every 30 s, that its end was processed.
  const settings = {
    'history.transferProcessorEnsureCloseBeforeDelete': false,
    'history.visibilityProcessorEnsureCloseBeforeDelete': false,
  };
  vigil = await startTestVigil({ channels: phones.channels }, { settings });
  app = await testApiOver(vigil.db, vigil.temporal, { commandDeadlineMs: 10_000 });
});
afterAll(async () => {
  await app?.close();
  await vigil?.stop();
});

async function tokenOf(principalId: string): Promise<string> {
  const token = `token-of-${principalId}`;
  const expiresAt = new Date(Date.now() + 3_600_000);
  await vigil.db.insert(roleGrants).values({ id: newId('roleGrant'), principalId, role: 'oncall_manager' });
  await vigil.db
    .insert(tokens)
    .values({ id: newId('token'), principalId, sha256: sha256Hex(token), label: 'test', expiresAt });
  return token;
}

const restart = (id: string, token: string, payload: { readonly from?: 'record' } = {}) =>
  app.inject({
    method: 'POST',
    url: `/v1/escalations/${id}/restarts`,
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': newId('command') },
    payload,
  });

it('lets an escalation that was terminated go on where it stood, once, and says who did so', async () => {
  const team = await seedTwoRungs(vigil);
  const token = await tokenOf(team.first);
  const id = await trigger(vigil, team.service);
  await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  expect((await restart(id, token)).json()).toMatchObject({ status: 409, code: 'aggregate.running' });

  await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).terminate('by mistake');
  const refused = await acknowledge(vigil, id, team.first);
  expect(refused.outcome).toMatchObject({ code: 'aggregate.ended', detail: { endedAs: 'terminated' } });
  const restarted = await restart(id, token);
  expect([restarted.statusCode, restarted.json()]).toEqual([201, { escalationId: id, endedAs: 'terminated' }]);
  await eventually('it runs', async () => (await findOrphans(vigil.db, vigil.temporal, 0)).length === 0);

  // The second rung's turn comes as if nothing had been; nobody is paged twice.
  await forward(vigil, id, 15);
  await ladderWhen(vigil, id, ({ walk }) => walk.rung === 1);
  await phones.next(team.secondPhone);
  expect(phones.received(team.firstPhone)).toHaveLength(2);
  expect((await acknowledge(vigil, id, team.second)).outcome).toMatchObject({ status: 'done' });
  const { events } = await readLedger(vigil.db, id);
  expect(events.filter(({ action }) => action === 'escalation.restarted')).toMatchObject([
    { actorId: team.first, data: { endedAs: 'terminated' } },
  ]);
});

it('lets one that Temporal has lost go on from its record: the next rung comes, nobody is paged twice', async () => {
  const team = await seedTwoRungs(vigil);
  const token = await tokenOf(team.first);
  const id = await trigger(vigil, team.service);
  const { version } = await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  const handle = vigil.temporal.workflow.getHandle(workflowId('escalation', id));
  await handle.terminate('the server is lost');
  const lost = async (): Promise<boolean> =>
    handle.describe().then(
      () => false,
      () => true,
    );
  await vigil.temporal.workflowService.deleteWorkflowExecution({
    namespace: vigil.temporal.options.namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
  await eventually('Temporal knows nothing of it', lost);

  const restarted = await restart(id, token);
  expect([restarted.statusCode, restarted.json()]).toEqual([201, { escalationId: id, endedAs: 'lost' }]);
  await forward(vigil, id, 15);
  await ladderWhen(vigil, id, ({ walk }) => walk.rung === 1);
  await phones.next(team.secondPhone);
  // The page that was sent, and the person's second way in its time.
  expect(phones.received(team.firstPhone)).toHaveLength(2);
  expect((await acknowledge(vigil, id, team.second)).outcome).toMatchObject({ status: 'done' });
  const { events } = await readLedger(vigil.db, id);
  const versions = events.flatMap((event) => (event.version === null ? [] : [event.version]));
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect(versions.length).toBeGreaterThan(version);
});

it('begins again from the record when Postgres is older than Temporal', async () => {
  const team = await seedTwoRungs(vigil);
  const token = await tokenOf(team.first);
  const id = await trigger(vigil, team.service);
  await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  expect((await restart(id, token, { from: 'record' })).json()).toMatchObject({ code: 'aggregate.running' });
  await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).terminate('Postgres was restored');
  expect((await restart(id, token, { from: 'record' })).json()).toEqual({ escalationId: id, endedAs: 'set_aside' });
  expect((await acknowledge(vigil, id, team.first)).outcome).toMatchObject({ status: 'done' });
});

it('begins one anew that was lost before anything of it was recorded, and is found until then', async () => {
  const team = await seedTwoRungs(vigil);
  const token = await tokenOf(team.first);
  const alert = { serviceId: team.service, severity: 1, title: 'Disk', dedupKey: 'disk', reportedBy: 'test' } as const;
  const id = await vigil.db.transaction(async (tx) => {
    const { escalationId } = await acceptTrigger(tx, alert);
    // As the relay leaves it when a worker has begun the workflow; Temporal was then restored from before.
    await tx.execute(sql`UPDATE commands SET status = 'done', outcome = '{"status": "done", "answer": {"version": 0}}',
      settled_at = now() WHERE aggregate_id = ${escalationId}`);
    return escalationId;
  });
  expect(await findOrphans(vigil.db, vigil.temporal, 0)).toEqual([{ kind: 'escalation', id, endedAs: null }]);
  const restarted = await restart(id, token);
  expect([restarted.statusCode, restarted.json()]).toEqual([201, { escalationId: id, endedAs: 'lost' }]);
  await phones.next(team.firstPhone);
  await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  expect(await findOrphans(vigil.db, vigil.temporal, 0)).toEqual([]);
});

it('goes on although a request that asks who is on a rung was there before its first step', async () => {
  const team = await seedTwoRungs(vigil);
  const id = await trigger(vigil, team.service);
  const state = await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  await vigil.temporal.workflow.getHandle(workflowId('escalation', id)).terminate('Postgres was restored');
  const by = { kind: 'person', id: team.first, roles: ['responder'] } as const;
  const commandId = newId('command');
  const cause = { commandId, actor: by, requestId: null };
  const startWorkflowOperation = new WithStartWorkflowOperation(aggregates.escalation.workflow, {
    workflowId: workflowId('escalation', id),
    taskQueue: queues.orchestration,
    args: [{ id, opening: null, cause, carried: { state, applied: [] } }],
    workflowIdConflictPolicy: 'FAIL',
  });
  await vigil.temporal.workflow.executeUpdateWithStart(update('escalateNow'), {
    startWorkflowOperation,
    args: [{ ...cause, name: 'escalateNow', input: {} }],
  });
  await ladderWhen(vigil, id, ({ walk }) => walk.rung === 1);
  await phones.next(team.secondPhone);
});
