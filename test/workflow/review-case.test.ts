import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { commands, launches, notices, statementsOfReasons, strikes } from '#db/schema/index.ts';
import { dayMs } from '#domain/time.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask, refusalOf } from '../support/ask.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import {
  caseRow,
  casesOf,
  caseWhen,
  claim,
  decide,
  escalationsOf,
  orderOf,
  suspension,
  taskOf,
  tasksOf,
} from '../support/reviewing.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';

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

const openCase = async (account: string, detector: string): Promise<string> => {
  await fileFinding(world, detector, account);
  const [found] = await casesOf(world, account);
  if (!found) throw new Error('no case was opened');
  return found.id;
};

const escalationsAbout = (caseId: string) => escalationsOf(world, `case:${caseId}:`);

describe('from a signal to the end of its enforcement', () => {
  it('makes one case of many signals, suspends the account exactly once, and lifts it by timer', async () => {
    const { db } = vigil;
    const detector = await seedDetector(world);
    const account = 'acct_story';
    for (let count = 0; count < 3; count++) await fileFinding(world, detector, account);
    const [found, ...more] = await casesOf(world, account);
    expect(more).toEqual([]);
    const caseId = found?.id ?? '';
    const task = await taskOf(world, caseId);
    expect(task).toMatchObject({ queueId: world.queueId, severity: 2, status: 'open' });
    await decide(world, task, world.people.reviewer, 'violation', suspension);

    const order = await orderOf(world, caseId, (row) => row.status === 'active');
    expect(order).toMatchObject({ action: 'suspend_account', decidedBy: world.people.reviewer.id, approvedBy: null });
    expect(await platform.status(account)).toBe('suspended');
    await caseWhen(world, caseId, (row) => row.closedAt !== null);
    const notice = await eventually('the notice', async () => {
      const [row] = await db.select().from(notices).where(eq(notices.orderId, order.id));
      return row?.status === 'sent' ? row : null;
    });
    expect(notice.kind).toBe('restricted');
    expect(await db.select().from(strikes).where(eq(strikes.orderId, order.id))).toHaveLength(1);
    const statements = await db.select().from(statementsOfReasons).where(eq(statementsOfReasons.orderId, order.id));
    expect(statements).toHaveLength(1);
    expect(statements[0]?.statement).toMatchObject({
      decision_account: 'DECISION_ACCOUNT_SUSPENDED',
      territorial_scope: ['DE', 'FR'],
    });
    const [sent] = (await platform.records('notice')).filter((record) => record.accountRef === account);
    expect(sent).toMatchObject({ template: 'restricted', statementId: statements[0]?.id });

    await fastForward(vigil.temporal, workflowId('enforcement', order.id), (6 * dayMs) / 1_000);
    expect(await platform.status(account)).toBe('suspended');
    await fastForward(vigil.temporal, workflowId('enforcement', order.id), (2 * dayMs) / 1_000);
    await orderOf(world, caseId, (row) => row.status === 'lifted');
    expect(await platform.status(account)).toBe('active');
    expect((await platform.changes(account)).map(({ operation }) => operation)).toEqual(['apply', 'reverse']);

    await fastForward(vigil.temporal, workflowId('enforcement', order.id), (184 * dayMs) / 1_000, { mayEnd: true });
    await orderOf(world, caseId, (row) => row.closedAt !== null);
    expect(await platform.changes(account)).toHaveLength(2);
  });

  it('sends sensitive harm to the sensitive queue, where only sensitive reviewers claim', async () => {
    const caseId = await openCase('acct_sensitive', await seedDetector(world, { harm: 'csae', severity: 2 }));
    const task = await taskOf(world, caseId);
    expect(task.queueId).toBe(world.sensitiveQueueId);
    await expect(claim(world, task.id, world.people.reviewer)).rejects.toMatchObject({ code: 'task.not_for_you' });
    await decide(world, task, world.people.sensitive, 'no_violation');
    expect(await caseWhen(world, caseId, (row) => row.closedAt !== null)).toMatchObject({ status: 'closed' });
  });

  it('warns an account without a statement of reasons, and tells it so', async () => {
    const account = 'acct_warned';
    const caseId = await openCase(account, await seedDetector(world));
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'violation', {
      action: 'warn_account',
      durationMs: null,
    });
    const order = await orderOf(world, caseId, (row) => row.status !== 'opening' && row.status !== 'applying');
    await eventually('the notice of the warning', async () =>
      (await platform.records('notice')).some((record) => record.accountRef === account && record.statementId === null),
    );
    expect(await vigil.db.select().from(statementsOfReasons).where(eq(statementsOfReasons.orderId, order.id))).toEqual(
      [],
    );
  });
});

describe('what changes while a case waits', () => {
  it('raises the task when a worse signal comes, and asks for a faster look', async () => {
    const account = 'acct_rise';
    const caseId = await openCase(account, await seedDetector(world, { severity: 3 }));
    const before = await taskOf(world, caseId);
    expect(before.severity).toBe(3);
    await fileFinding(world, await seedDetector(world, { severity: 2 }), account);
    const { state } = await caseWhen(world, caseId, (row) => row.state?.severity === 2);
    expect(state?.signalCount).toBe(2);
    await eventually('the task is raised', async () => (await tasksOf(world, caseId))[0]?.severity === 2);
    expect(await casesOf(world, account)).toHaveLength(1);
  });

  it('gives a signal that came after the decision to the next case', async () => {
    const account = 'acct_late';
    const detector = await seedDetector(world);
    const caseId = await openCase(account, detector);
    const task = await taskOf(world, caseId);
    await vigil.pause();
    await decide(world, task, world.people.reviewer, 'no_violation');
    await fileFinding(world, detector, account);
    expect(await casesOf(world, account)).toHaveLength(1);
    await vigil.resume();
    const closed = await caseWhen(world, caseId, (row) => row.closedAt !== null);
    const [, next] = await eventually('the next case', async () => {
      const found = await casesOf(world, account);
      return found.length === 2 ? found : null;
    });
    expect(closed.signalCount).toBe(1);
    expect(next).toMatchObject({ signalCount: 1, closedAt: null });
    await taskOf(world, next?.id ?? '');
  });

  it('wakes someone at once for severity 1, holds the launch, and lets go when the case is decided', async () => {
    const { db } = vigil;
    const launchId = newId('launch');
    const owner = { openedBy: world.people.manager.id, status: 'opening' };
    await db
      .insert(launches)
      .values({ id: launchId, productId: world.productId, teamId: world.teamId, name: 'launch', ...owner });
    const pagesBefore = phones.received('oncall').length;
    const caseId = await openCase('acct_worst', await seedDetector(world, { severity: 1 }));
    await phones.next('oncall', pagesBefore + 1);
    const [escalation] = await escalationsAbout(caseId);
    expect(escalation).toMatchObject({ severity: 1, title: 'Severity 1 case: fraud on Outreach assistant' });
    const hold = await eventually('the hold of the launch', async () => {
      const [row] = await db
        .select()
        .from(commands)
        .where(eq(commands.idempotencyKey, `caseLinked:${caseId}`));
      return row;
    });
    expect(hold).toMatchObject({ aggregateId: launchId, name: 'caseLinked', input: { caseId, severity: 1 } });
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'no_violation');
    await eventually('the escalation is resolved', async () => {
      const [row] = await escalationsAbout(caseId);
      return row?.closedAt;
    });
    await db.update(launches).set({ closedAt: new Date() }).where(eq(launches.id, launchId));
  });

  it('escalates each clock once, and each until its cause is gone', async () => {
    const caseId = await openCase('acct_slow', await seedDetector(world));
    const task = await taskOf(world, caseId);
    const id = workflowId('case', caseId);
    await fastForward(vigil.temporal, id, 59 * 60);
    expect(await escalationsAbout(caseId)).toEqual([]);
    await fastForward(vigil.temporal, id, 2 * 60);
    const reasons = async () => (await escalationsAbout(caseId)).map((row) => row.dedupKey.split(':').at(-1));
    await eventually('the first look is late', async () => (await reasons()).length === 1);
    expect(await reasons()).toEqual(['sla_first_look']);
    await fastForward(vigil.temporal, id, 10 * 3_600);
    await eventually('the decision is late', async () => (await reasons()).length === 2);
    await fastForward(vigil.temporal, id, 72 * 3_600);
    expect(await reasons()).toEqual(['sla_first_look', 'sla_decision']);

    await claim(world, task.id, world.people.reviewer);
    await caseWhen(world, caseId, (row) => row.state?.firstLookAt !== null);
    await eventually('the first escalation is resolved', async () => (await escalationsAbout(caseId))[0]?.closedAt);
    expect((await escalationsAbout(caseId))[1]?.closedAt).toBeNull();
    await decide(world, task, world.people.reviewer, 'no_violation');
    await eventually('the second escalation is resolved', async () => (await escalationsAbout(caseId))[1]?.closedAt);
    expect((await caseRow(world, caseId)).state?.openEscalations).toEqual([]);
  });
});

describe('people who steer a case', () => {
  it('hands a case to senior reviewers, who decide it; the first task is withdrawn', async () => {
    const caseId = await openCase('acct_senior', await seedDetector(world));
    const first = await taskOf(world, caseId);
    const asked = await ask(vigil, world.people.second, 'case', caseId, 'escalate');
    expect(asked.outcome).toMatchObject({ status: 'done' });
    expect((await caseRow(world, caseId)).state?.tier).toBe('senior');
    expect(refusalOf(await ask(vigil, world.people.second, 'case', caseId, 'escalate'))).toBe('case.already_escalated');
    const second = await taskOf(world, caseId, 2);
    await eventually(
      'the first task is withdrawn',
      async () => (await tasksOf(world, caseId))[0]?.status === 'withdrawn',
    );
    await expect(decide(world, first, world.people.reviewer, 'no_violation')).rejects.toMatchObject({
      code: 'task.settled',
    });
    await decide(world, second, world.people.third, 'no_violation');
    await caseWhen(world, caseId, (row) => row.closedAt !== null);
  });

  it('merges a case into another, which hears of the signals', async () => {
    const detector = await seedDetector(world, { severity: 3 });
    const caseId = await openCase('acct_merge_a', detector);
    const into = await openCase('acct_merge_b', await seedDetector(world, { severity: 3 }));
    await taskOf(world, caseId);
    await taskOf(world, into);
    const merged = await ask(vigil, world.people.ops, 'case', caseId, 'merge', { into, intoSynthetic: false });
    expect(merged.outcome).toMatchObject({ status: 'done' });
    expect(await caseRow(world, caseId)).toMatchObject({ status: 'merged' });
    const { state, signalCount } = await caseWhen(world, into, (row) => (row.state?.signalCount ?? 0) > 1);
    expect(state?.detectorVersionIds).toContain(detector);
    expect(signalCount).toBe(2);
    await eventually('its task is withdrawn', async () => (await tasksOf(world, caseId))[0]?.status === 'withdrawn');
    await expect(
      claim(world, (await tasksOf(world, caseId))[0]?.id ?? '', world.people.reviewer),
    ).rejects.toMatchObject({ code: 'task.settled' });
  });
});

it('records what was refused although it needs no workflow to know', async () => {
  const asked = await ask(vigil, { kind: 'service', id: 'int_probe' }, 'case', newId('case'), 'escalate');
  expect(refusalOf(asked)).toBe('aggregate.not_found');
  const [row] = await vigil.db
    .select()
    .from(commands)
    .where(and(eq(commands.id, asked.row.id), eq(commands.status, 'refused')));
  expect(row?.outcome).toMatchObject({ code: 'aggregate.not_found' });
});
