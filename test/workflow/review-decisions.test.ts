import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideTask } from '#db/repositories/review.ts';
import type { NewDecision } from '#db/repositories/review.ts';
import { commands, decisions, enforcementOrders, reviewQueues, reviewTasks } from '#db/schema/index.ts';
import { newId } from '#db/ids.ts';
import { dayMs } from '#domain/time.ts';
import {
  caseRow,
  casesOf,
  caseWhen,
  claim,
  decide,
  orderOf,
  suspension,
  taskOf,
  tasksOf,
} from '../support/reviewing.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
let detector: string;

beforeAll(async () => {
  platform = await startTestPlatform();
  vigil = await startTestVigil({ enforcementApi: platform.api });
  world = await buildCaseWorld(vigil.db);
  detector = await seedDetector(world);
});
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
});

async function openCase(account: string, finding: { synthetic?: boolean } = {}): Promise<string> {
  await fileFinding(world, detector, account, finding);
  const [found] = await casesOf(world, account);
  if (!found) throw new Error('no case was opened');
  return found.id;
}

/** Changes what a case starts with, as a team's own terms would: its workflow has not begun yet. */
async function openDoubleReview(account: string): Promise<string> {
  await vigil.pause();
  const caseId = await openCase(account);
  await vigil.db
    .update(commands)
    .set({ input: sql`${commands.input} || '{"doubleReview": true}'` })
    .where(and(eq(commands.aggregateId, caseId), eq(commands.mode, 'start')));
  await vigil.resume();
  return caseId;
}

const decisionsOf = (caseId: string) => vigil.db.select().from(decisions).where(eq(decisions.caseId, caseId));

async function decisionOn(caseId: string, leaseToken: number, change: Partial<NewDecision> = {}): Promise<NewDecision> {
  const { policyVersionId } = await caseRow(world, caseId);
  return { leaseToken, verdict: 'violation', policyVersionId, enforcement: null, noteId: null, ...change };
}

describe('two people, one task', () => {
  it('takes the decision under the newest lease only, though both come at once', async () => {
    const { db } = vigil;
    const caseId = await openCase('acct_race');
    const task = await taskOf(world, caseId);
    const first = await claim(world, task.id, world.people.reviewer);
    await expect(claim(world, task.id, world.people.second)).rejects.toMatchObject({ code: 'task.leased' });
    await db
      .update(reviewTasks)
      .set({ leaseExpiresAt: new Date(0) })
      .where(eq(reviewTasks.id, task.id));
    const second = await claim(world, task.id, world.people.second);
    expect(second.leaseToken).toBe(first.leaseToken + 1);
    const outcomes = await Promise.allSettled([
      db.transaction(async (tx) =>
        decideTask(tx, task.id, world.people.reviewer, await decisionOn(caseId, first.leaseToken)),
      ),
      db.transaction(async (tx) =>
        decideTask(tx, task.id, world.people.second, await decisionOn(caseId, second.leaseToken)),
      ),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await decisionsOf(caseId)).toMatchObject([{ decidedBy: world.people.second.id }]);
    const { state } = await caseWhen(world, caseId, (row) => row.closedAt !== null);
    expect(state?.decision?.by).toBe(world.people.second.id);
  });

  it('finds the first decision when the same one is sent twice at once', async () => {
    const { db } = vigil;
    const caseId = await openCase('acct_twice');
    const task = await taskOf(world, caseId);
    const { leaseToken } = await claim(world, task.id, world.people.reviewer);
    const decision = await decisionOn(caseId, leaseToken, { enforcement: suspension });
    const made = await Promise.all(
      [1, 2].map(() => db.transaction((tx) => decideTask(tx, task.id, world.people.reviewer, decision))),
    );
    expect(new Set(made.map(({ decisionId }) => decisionId)).size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    await orderOf(world, caseId, (row) => row.status === 'active');
    expect(await platform.changes('acct_twice')).toHaveLength(1);
  });
});

describe('double review', () => {
  it('needs a second person, and enforces what both decided', async () => {
    const caseId = await openDoubleReview('acct_double');
    const first = await taskOf(world, caseId);
    const decisionId = await decide(world, first, world.people.reviewer, 'violation', suspension);
    const second = await taskOf(world, caseId, 2);
    expect((await caseRow(world, caseId)).status).toBe('awaiting_second');
    await expect(claim(world, second.id, world.people.reviewer)).rejects.toMatchObject({ code: 'task.excluded' });
    await decide(world, second, world.people.second, 'violation', suspension);
    const { state } = await caseWhen(world, caseId, (row) => row.state?.decision !== null);
    expect(state?.decision).toMatchObject({ how: 'agreed', decisionId });
    await orderOf(world, caseId, (row) => row.status === 'active');
  });

  it('asks a third person when the two disagree', async () => {
    const caseId = await openDoubleReview('acct_disagree');
    await decide(world, await taskOf(world, caseId), world.people.reviewer, 'violation', suspension);
    await decide(world, await taskOf(world, caseId, 2), world.people.second, 'no_violation');
    const third = await taskOf(world, caseId, 3);
    await expect(claim(world, third.id, world.people.second)).rejects.toMatchObject({ code: 'task.excluded' });
    await decide(world, third, world.people.third, 'no_violation');
    const { state } = await caseWhen(world, caseId, (row) => row.closedAt !== null);
    expect(state?.decision).toMatchObject({ how: 'adjudicated', verdict: 'no_violation' });
    expect(await vigil.db.select().from(enforcementOrders).where(eq(enforcementOrders.caseId, caseId))).toEqual([]);
  });
});

it('decides a drill like any case and never enforces it, without saying so', async () => {
  const caseId = await openCase('acct_drill', { synthetic: true });
  const task = await taskOf(world, caseId);
  await decide(world, task, world.people.reviewer, 'violation', suspension);
  const { state } = await caseWhen(world, caseId, (row) => row.closedAt !== null);
  expect(state).toMatchObject({ status: 'closed', decision: { enforcement: suspension }, orderId: null });
  expect(await decisionsOf(caseId)).toMatchObject([{ enforcement: suspension }]);
  expect(await vigil.db.select().from(enforcementOrders).where(eq(enforcementOrders.caseId, caseId))).toEqual([]);
  expect(await platform.changes('acct_drill')).toEqual([]);
});

it('passes a task on, and to senior reviewers when everyone passes', async () => {
  const caseId = await openCase('acct_skip');
  for (const [index, person] of [world.people.reviewer, world.people.second, world.people.third].entries()) {
    await decide(world, await taskOf(world, caseId, index + 1), person, 'skip');
  }
  await taskOf(world, caseId, 4);
  expect((await caseRow(world, caseId)).state).toMatchObject({ tier: 'senior', escalatedFor: ['all_skipped'] });
  expect((await tasksOf(world, caseId)).map(({ status }) => status)).toEqual([
    'withdrawn',
    'withdrawn',
    'withdrawn',
    'open',
  ]);
  await decide(world, await taskOf(world, caseId, 4), world.people.reviewer, 'no_violation');
  await caseWhen(world, caseId, (row) => row.closedAt !== null);
});

describe('refused at once, with nothing written', () => {
  it.each([
    ['enforcement.duration_unfit', { enforcement: { action: 'warn_account', durationMs: dayMs } }],
    ['enforcement.duration_unfit', { enforcement: { action: 'suspend_account', durationMs: -1 } }],
    ['enforcement.target_unfit', { enforcement: { action: 'remove_content', durationMs: null } }],
    ['case.enforcement_without_violation', { verdict: 'no_violation', enforcement: suspension }],
    ['case.policy_changed', { policyVersionId: 'plv_other' }],
    ['task.lease_lost', { leaseToken: 99 }],
  ] as const)('%s: %j', async (code, change) => {
    const caseId = await openCase(`acct_refused_${code}_${JSON.stringify(change).length}`);
    const task = await taskOf(world, caseId);
    const { leaseToken } = await claim(world, task.id, world.people.reviewer);
    const decision = await decisionOn(caseId, leaseToken, change);
    const refused = vigil.db.transaction((tx) => decideTask(tx, task.id, world.people.reviewer, decision));
    await expect(refused).rejects.toMatchObject({ code });
    expect(await decisionsOf(caseId)).toEqual([]);
    expect((await tasksOf(world, caseId))[0]?.status).toBe('open');
  });
});

it('routes by harm first, and takes the general queue for the rest', async () => {
  const fraudQueueId = newId('reviewQueue');
  const queue = {
    id: fraudQueueId,
    teamId: world.teamId,
    key: fraudQueueId,
    title: 'Fraud',
    harms: ['fraud'],
    position: 9,
  };
  await vigil.db.insert(reviewQueues).values(queue);
  const fraudCase = await openCase('acct_routed');
  expect((await taskOf(world, fraudCase)).queueId).toBe(fraudQueueId);
  await fileFinding(world, await seedDetector(world, { harm: 'plat', severity: 3 }), 'acct_unrouted');
  const [other] = await casesOf(world, 'acct_unrouted');
  expect((await taskOf(world, other?.id ?? '')).queueId).toBe(world.queueId);
  await vigil.db.delete(reviewTasks).where(eq(reviewTasks.queueId, fraudQueueId));
  await vigil.db.delete(reviewQueues).where(eq(reviewQueues.id, fraudQueueId));
});

it('keeps a case that has no queue in sight, and gives it its task when there is one', async () => {
  const lonely = await buildCaseWorld(vigil.db, { suffix: '-lonely' });
  await vigil.db.delete(reviewQueues).where(eq(reviewQueues.teamId, lonely.teamId));
  await fileFinding(lonely, await seedDetector(lonely), 'acct_lonely');
  const [found] = await casesOf(lonely, 'acct_lonely');
  await caseWhen(lonely, found?.id ?? '', (row) => row.status === 'open');
  const queueId = newId('reviewQueue');
  await vigil.db.insert(reviewQueues).values({ id: queueId, teamId: lonely.teamId, key: queueId, title: 'Late' });
  expect(await eventually('the task', () => taskOf(lonely, found?.id ?? ''))).toMatchObject({ queueId });
});
