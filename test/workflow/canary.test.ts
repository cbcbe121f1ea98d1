import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { precisionOf } from '#db/repositories/precision.ts';
import { commands, deliveries, enforcementOrders, escalations, launches, signals } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask } from '../support/ask.ts';
import { canaryWhen, plantCanary } from '../support/canaries.ts';
import type { PlantedCanary } from '../support/canaries.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { casesOf, caseWhen, claim, decide, suspension, taskOf } from '../support/reviewing.ts';
import { sweepUntilFound } from '../support/sweeping.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
const phones = new FakePhones();

beforeAll(async () => {
  platform = await startTestPlatform();
  vigil = await startTestVigil({ channels: phones.channels, enforcementApi: platform.api });
  world = await buildCaseWorld(vigil.db);
});
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
});

interface Planted extends PlantedCanary {
  readonly launchId: string;
}

/** Starts a canary of a launch that has a row and no workflow. */
async function plant(): Promise<Planted> {
  const launchId = newId('launch');
  const { productId, teamId } = world;
  const launch = { id: launchId, productId, teamId, name: 'launch', openedBy: world.people.ops.id, status: 'opening' };
  await vigil.db.insert(launches).values(launch);
  return { launchId, ...(await plantCanary(world, await seedDetector(world), launchId)) };
}

const runWhen = (canaryId: string, is: Parameters<typeof canaryWhen>[2]) => canaryWhen(world, canaryId, is);

/** Sweeps until this canary was seen: a new detector finds those of earlier tests too. */
const detect = ({ detector, accountRef }: Planted) => sweepUntilFound(vigil, detector, accountRef);

const drillOf = async ({ canaryId }: Planted) => {
  const rows = await vigil.db.select().from(escalations).where(eq(escalations.canaryId, canaryId));
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
};
const reportOf = async ({ canaryId }: Planted) => {
  const [row] = await vigil.db
    .select()
    .from(commands)
    .where(eq(commands.idempotencyKey, `canary:${canaryId}`));
  return row;
};

describe('a canary', () => {
  it('goes from its event to the acknowledgement of a person, and becomes evidence of the launch', async () => {
    const canary = await plant();
    await detect(canary);
    const page = await phones.next('oncall', 1, 'drill');
    expect(page.title).toBe('Synthetic case: fraud on Outreach assistant');
    await runWhen(canary.canaryId, (run) => run.reachedAt.paged !== null);
    const drill = await drillOf(canary);
    expect(drill?.closedAt).toBeNull();

    await ask(vigil, world.people.oncall, 'escalation', drill?.id ?? '', 'acknowledge');
    const { state } = await runWhen(canary.canaryId, (_, row) => row.closedAt !== null);
    expect(state).toMatchObject({
      passed: true,
      acknowledgedBy: world.people.oncall.id,
      evidenceReported: true,
      drillClosed: true,
    });
    expect(Object.values(state.reachedAt).every((at) => at !== null)).toBe(true);

    const [drillCase] = await casesOf(world, canary.accountRef);
    expect(drillCase?.synthetic).toBe(true);
    await caseWhen(world, drillCase?.id ?? '', (row) => row.closedAt !== null);
    await eventually('the drill is over', async () => (await drillOf(canary))?.closedAt);
    expect(await reportOf(canary)).toMatchObject({
      aggregateKind: 'launch',
      aggregateId: canary.launchId,
      name: 'reportCheck',
      input: {
        requirementId: 'RS-04',
        result: { status: 'pass', population: 1, observed: expect.any(Number) as number },
      },
    });
    expect(
      phones.log.filter(({ message }) => message.escalationId === drill?.id).map(({ message }) => message.kind),
    ).not.toContain('page');
  });

  it('wakes someone for real when nobody acknowledges in time, and reports the miss', async () => {
    const canary = await plant();
    await detect(canary);
    await runWhen(canary.canaryId, (run) => run.reachedAt.paged !== null);
    const pages = phones.received('oncall').length;
    await fastForward(vigil.temporal, workflowId('canary', canary.canaryId), 16 * 60, { mayEnd: true });
    const { state } = await runWhen(canary.canaryId, (_, row) => row.closedAt !== null);
    expect(state).toMatchObject({ passed: false, acknowledgedBy: null });
    expect((await reportOf(canary))?.input).toMatchObject({ result: { status: 'fail' } });
    expect((await phones.next('oncall', pages + 1)).title).toBe('Canary missed after paged: Outreach assistant');
    // The drill waits for a person all the same: that is the point of it.
    expect((await drillOf(canary))?.closedAt).toBeNull();
    await ask(vigil, world.people.oncall, 'escalation', (await drillOf(canary))?.id ?? '', 'acknowledge');
    await eventually('the drill is over', async () => (await drillOf(canary))?.closedAt);
  });

  it('says how far it came when its detector never sees it', async () => {
    const canary = await plant();
    await fastForward(vigil.temporal, workflowId('canary', canary.canaryId), 16 * 60, { mayEnd: true });
    await runWhen(canary.canaryId, (run) => run.passed === false && run.status === 'done');
    const missed = await eventually('the escalation', async () => {
      const [row] = await vigil.db
        .select()
        .from(escalations)
        .where(eq(escalations.dedupKey, `canary:${canary.detector}`));
      return row;
    });
    expect(missed.title).toBe('Canary missed after injected: Outreach assistant');
    expect(missed.canaryId).toBeNull();
  });

  it('is never enforced, and never counts, whatever a reviewer decides', async () => {
    const canary = await plant();
    await detect(canary);
    const [drillCase] = await casesOf(world, canary.accountRef);
    const task = await taskOf(world, drillCase?.id ?? '');
    await claim(world, task.id, world.people.reviewer);
    await decide(world, task, world.people.reviewer, 'violation', suspension);
    await caseWhen(world, task.caseId, (row) => row.closedAt !== null);
    expect(await vigil.db.select().from(enforcementOrders).where(eq(enforcementOrders.caseId, task.caseId))).toEqual(
      [],
    );
    expect(await platform.changes(canary.accountRef)).toEqual([]);
    expect(await precisionOf(vigil.db, canary.detector)).toMatchObject({ decided: 0, observed: null });
    const found = await vigil.db.select().from(signals).where(eq(signals.accountRef, canary.accountRef));
    expect(found).toMatchObject([{ synthetic: true, detectorVersionId: canary.detector }]);
  });

  it('pages for a drill on each rung that it reaches, and says so each time', async () => {
    const canary = await plant();
    await detect(canary);
    await runWhen(canary.canaryId, (run) => run.reachedAt.paged !== null);
    const drill = await drillOf(canary);
    const before = { page: phones.received('backup').length, drill: phones.received('backup', 'drill').length };
    await fastForward(vigil.temporal, workflowId('escalation', drill?.id ?? ''), 11 * 60);
    await phones.next('backup', before.drill + 1, 'drill');
    await fastForward(vigil.temporal, workflowId('escalation', drill?.id ?? ''), 11 * 60);
    await phones.next('manager', 1, 'drill');
    expect(phones.received('backup')).toHaveLength(before.page);
    expect(phones.received('manager')).toEqual([]);
    const sent = await vigil.db
      .select()
      .from(deliveries)
      .where(eq(deliveries.escalationId, drill?.id ?? ''));
    expect(new Set(sent.map(({ kind }) => kind))).toContain('catch_all');
    await ask(vigil, world.people.backup, 'escalation', drill?.id ?? '', 'acknowledge');
    await runWhen(canary.canaryId, (run) => run.passed === true);
  });
});
