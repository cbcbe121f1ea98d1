import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AggregateKind } from '#domain/ids.ts';
import { dayMs, minuteMs } from '#domain/time.ts';
import { acceptTrigger } from '#db/repositories/alerts.ts';
import { auditEvents, deliveries, escalations } from '#db/schema/index.ts';
import { deliver } from '#gateway/deliver.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { canaryWhen, plantCanary } from '../support/canaries.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { TestMonitor } from '../support/heartbeats.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf, caseWhen, decide, openOrder, orderWhen, suspension, taskOf } from '../support/reviewing.ts';
import { runsOf } from '../support/runs.ts';
import { sweepUntilFound } from '../support/sweeping.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, renewAt, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
const phones = new FakePhones();

beforeAll(async () => {
  platform = await startTestPlatform();
  vigil = await startTestVigil({ channels: phones.channels, enforcementApi: platform.api }, { settings: renewAt(12) });
  world = await buildCaseWorld(vigil.db);
});
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
});

/** Each version of the aggregate once, without a gap, whichever run recorded it; returns the ids of those runs. */
async function versionsOf(id: string): Promise<{ versions: number[]; runs: Set<string | null> }> {
  const rows = await vigil.db
    .select({ version: auditEvents.version, runId: auditEvents.runId })
    .from(auditEvents)
    .where(eq(auditEvents.aggregateId, id))
    .orderBy(asc(auditEvents.seq));
  const recorded = rows.filter((row) => row.version !== null);
  return { versions: recorded.map((row) => row.version ?? 0), runs: new Set(recorded.map((row) => row.runId)) };
}

async function expectRenewed(kind: AggregateKind, id: string): Promise<void> {
  const runs = await runsOf(vigil.temporal, workflowId(kind, id));
  expect(runs.length).toBeGreaterThan(1);
  const { versions, runs: recordedBy } = await versionsOf(id);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  for (const run of recordedBy) expect(runs).toContain(run);
  expect(recordedBy.size).toBeGreaterThan(1);
}

describe('a history that is long enough', () => {
  it('is continued by a case, which loses neither its signals nor its task', async () => {
    const account = 'acct_renewed';
    const detector = await seedDetector(world, { severity: 4 });
    await fileFinding(world, detector, account);
    const caseId = (await casesOf(world, account))[0]?.id ?? '';
    for (const severity of [3, 2] as const) {
      await taskOf(world, caseId);
      await fileFinding(world, await seedDetector(world, { severity }), account);
      await caseWhen(world, caseId, (row) => row.state?.severity === row.severity);
    }
    await fastForward(vigil.temporal, workflowId('case', caseId), 10 * 3_600);
    await caseWhen(world, caseId, (row) => row.state?.escalatedFor.length === 2);
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'no_violation');
    const { state } = await caseWhen(world, caseId, (row) => row.closedAt !== null);
    expect(state).toMatchObject({ signalCount: 3, severity: 2, escalatedFor: ['sla_first_look', 'sla_decision'] });
    await expectRenewed('case', caseId);
  });

  it('is continued by an order, which is still applied once and lifted in time', async () => {
    const account = 'acct_order_renewed';
    const order = await openOrder(world, await seedDetector(world), account, suspension);
    await orderWhen(world, order.id, (row) => row.status === 'active');
    await fastForward(vigil.temporal, workflowId('enforcement', order.id), (8 * dayMs) / 1_000);
    await orderWhen(world, order.id, (row) => row.status === 'lifted');
    expect(
      (await ask(vigil, world.people.ops, 'enforcement', order.id, 'reverse', { reasonCode: 'mistake' })).outcome
        .status,
    ).toBe('done');
    await orderWhen(world, order.id, (row) => row.closedAt !== null);
    expect((await platform.changes(account)).map(({ operation }) => operation)).toEqual(['apply', 'reverse']);
    await expectRenewed('enforcement', order.id);
  });

  it('is continued by a ladder, which pages each rung once and answers an old command as before', async () => {
    const pages = phones.received('oncall').length;
    const { escalationId: id } = await vigil.db.transaction((tx) =>
      acceptTrigger(tx, {
        serviceId: world.serviceId,
        dedupKey: 'renewed',
        severity: 1,
        title: 'Disk',
        reportedBy: 'test',
      }),
    );
    await phones.next('oncall', pages + 1);
    const { people } = world;
    const first = await ask(vigil, people.oncall, 'escalation', id, 'acknowledge');
    await ask(vigil, people.oncall, 'escalation', id, 'unacknowledge');
    await fastForward(vigil.temporal, workflowId('escalation', id), 11 * 60);
    await fastForward(vigil.temporal, workflowId('escalation', id), 11 * 60);
    await eventually('the ladder is exhausted', async () => {
      const [row] = await vigil.db.select().from(escalations).where(eq(escalations.id, id));
      return row?.status === 'exhausted';
    });
    const before = (await versionsOf(id)).versions.length;
    expect((await runsOf(vigil.temporal, workflowId('escalation', id))).length).toBeGreaterThan(1);
    // Temporal has forgotten the update's id with the run that took it; the workflow has not.
    expect(await deliver(vigil.temporal, first.row, { deadlineMs: 5_000 })).toEqual(first.outcome);
    expect((await versionsOf(id)).versions).toHaveLength(before);
    const sent = await vigil.db.select().from(deliveries).where(eq(deliveries.escalationId, id));
    expect(new Set(sent.map((row) => row.effectKey)).size).toBe(sent.length);
    expect(sent.filter((row) => row.kind === 'catch_all')).toHaveLength(1);
    await ask(vigil, people.manager, 'escalation', id, 'resolve');
    await expectRenewed('escalation', id);
  });

  it('is continued by a canary, which still hears of each stage', async () => {
    const detector = await seedDetector(world);
    const { canaryId, accountRef } = await plantCanary(world, detector);
    await sweepUntilFound(vigil, detector, accountRef);
    const drill = await eventually('the drill is paged', async () => {
      const [row] = await vigil.db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
      return row?.status === 'triggered' ? row : null;
    });
    await phones.next('oncall', 1, 'drill');
    await ask(vigil, world.people.oncall, 'escalation', drill.id, 'acknowledge');
    await canaryWhen(world, canaryId, ({ status }) => status === 'done');
    await expectRenewed('canary', canaryId);
  });

  it('is continued by a heartbeat monitor, which goes on counting from the beat that it knew', async () => {
    const { db, teamId, serviceId, people } = world;
    const monitor = await TestMonitor.open({ db, teamId, serviceId, createdBy: people.manager.id });
    await monitor.beat();
    await monitor.when('beating');
    const forward = (ms: number) => fastForward(vigil.temporal, workflowId('heartbeat', monitor.id), ms / 1_000);
    for (let turn = 0; turn < 4; turn++) {
      await forward(9 * minuteMs);
      await monitor.beatAgo(minuteMs);
    }
    await forward(9 * minuteMs);
    expect((await runsOf(vigil.temporal, workflowId('heartbeat', monitor.id))).length).toBeGreaterThan(1);
    expect(await monitor.state(vigil.temporal)).toMatchObject({ status: 'beating', beats: 5 });
    expect(await monitor.misses()).toEqual([]);
    await forward(2 * minuteMs);
    await monitor.when('missed');
    await eventually('it is escalated', async () => (await monitor.misses()).length === 1);
    await expectRenewed('heartbeat', monitor.id);
  });
});
