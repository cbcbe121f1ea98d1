import { eq } from 'drizzle-orm';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkOrphans, checkStuck } from '#cli/doctor/orphans.ts';
import { findOrphans } from '#gateway/orphans.ts';
import { watchOrphans } from '#worker/orphans.ts';
import { queues, workflowId } from '#workflows/contract.ts';
import { heartbeatMonitors } from '#db/schema/index.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { TestMonitor } from '../support/heartbeats.ts';
import { seedTeam } from '../support/seed.ts';
import { ladderWhen, seedTwoRungs, trigger } from '../support/two-rungs.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
beforeAll(async () => {
  vigil = await startTestVigil(
    { channels: new FakePhones().channels },
    { settings: { 'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute': 1 } },
  );
});
afterAll(() => vigil?.stop());

it('finds a monitor of beats that was terminated: it would page nobody', async () => {
  const { db, temporal } = vigil;
  const { service, first } = await seedTwoRungs(vigil);
  const monitor = await TestMonitor.open({ db, teamId: await seedTeam(db), serviceId: service, createdBy: first });
  expect(await findOrphans(db, temporal, 0)).toEqual([]);
  await temporal.workflow.getHandle(workflowId('heartbeat', monitor.id)).terminate('by mistake');
  const orphan = { kind: 'heartbeat', id: monitor.id, endedAs: 'TERMINATED' };
  await eventually('it is found', async () => (await findOrphans(db, temporal, 0)).length > 0);
  expect(await findOrphans(db, temporal, 0)).toEqual([orphan]);
  await db
    .update(heartbeatMonitors)
    .set({ status: 'closed', closedAt: new Date() })
    .where(eq(heartbeatMonitors.id, monitor.id));
});

it('finds what runs and comes no further because its code fails', async () => {
  const { db, temporal } = vigil;
  const registry = new Registry();
  const quiet = () => undefined;
  const watch = watchOrphans({ db, temporal, log: { info: quiet, warn: quiet, error: quiet }, registry });
  const counted = async () => /^vigil_stuck_workflows (\S+)$/m.exec(await registry.metrics())?.[1];
  expect(await counted()).toBe('0');
  expect(await checkStuck(temporal)).toMatchObject({ status: 'ok' });
  // As after a deployment that has lost a workflow which is open.
  const lost = await temporal.workflow.start('lostWorkflow', { workflowId: 'lost:1', taskQueue: queues.orchestration });
  await eventually('it is counted', async () => (await counted()) === '1', 60_000);
  expect(await checkStuck(temporal)).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('lost:1'),
    remedy: expect.stringContaining('docs/runbook.md'),
  });
  await lost.terminate();
  await eventually('it is over', async () => (await counted()) === '0');
  await watch.stop();
});

it('finds what is open and was terminated, and nothing that runs', async () => {
  const { db, temporal, appUrl } = vigil;
  const running = await trigger(vigil, (await seedTwoRungs(vigil)).service);
  const stopped = await trigger(vigil, (await seedTwoRungs(vigil)).service);
  for (const id of [running, stopped]) await ladderWhen(vigil, id, ({ counts }) => counts.sent === 1);
  expect(await findOrphans(db, temporal, 0)).toEqual([]);

  await temporal.workflow.getHandle(workflowId('escalation', stopped)).terminate('by mistake');
  const orphan = { kind: 'escalation', id: stopped, endedAs: 'TERMINATED' };
  await eventually('it is found', async () => (await findOrphans(db, temporal, 0)).length > 0);
  expect(await findOrphans(db, temporal, 0)).toEqual([orphan]);
  // What has just moved may be about to end.
  expect(await findOrphans(db, temporal)).toEqual([]);

  await db.execute(`UPDATE escalations SET updated_at = now() - interval '2 minutes'`);
  expect(await checkOrphans(appUrl, temporal)).toMatchObject({
    name: 'workflows',
    status: 'fail',
    detail: `open, and not running: escalation ${stopped} (TERMINATED)`,
  });
  const registry = new Registry();
  const named: object[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void named.push(fields) };
  const watch = watchOrphans({ db, temporal, log, registry, everyMs: 60_000 });
  await eventually('it is counted', async () => /^vigil_orphaned_workflows 1$/m.test(await registry.metrics()));
  expect(named).toEqual([orphan]);
  await watch.stop();
});
