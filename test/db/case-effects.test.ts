import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CaseEffect, ReviewCase } from '#domain/review/case.ts';
import { connectDatabase } from '#db/client.ts';
import type { Database } from '#db/client.ts';
import { createTask, moveSignals } from '#db/repositories/cases.ts';
import { refileLateSignals } from '#db/repositories/signals.ts';
import { cases, caseSignals, commands, reviewTasks } from '#db/schema/index.ts';
import { buildCaseWorld, fileFinding, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { casesOf } from '../support/reviewing.ts';

let database: TestDatabase;
let db: Database;
let world: CaseWorld;
let detector: string;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({
    url: database.appUrl,
    size: 4,
    applicationName: 'vigil-test',
    statementTimeoutMs: 10_000,
    onIdleError: () => undefined,
  });
});
beforeEach(async () => {
  world = await buildCaseWorld(db);
  detector = await seedDetector(world);
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

async function openCase(account: string): Promise<string> {
  await fileFinding(world, detector, account);
  const found = (await casesOf(world, account)).at(-1);
  if (!found) throw new Error('no case was opened');
  return found.id;
}
const recorded = (caseId: string, state: Partial<ReviewCase>) =>
  db.update(cases).set({ state }).where(eq(cases.id, caseId));

describe('a task that is created late', () => {
  const effect = (round: number): Extract<CaseEffect, { type: 'createTask' }> => ({
    key: `task:${round}`,
    type: 'createTask',
    round,
    purpose: 'first',
    tier: 'first',
    severity: 2,
    sensitive: false,
    policyVersionId: 'pov_1',
    excludedPersonIds: [],
    dueAt: Date.now(),
  });
  const create = (caseId: string, round: number) => db.transaction((tx) => createTask(tx, caseId, effect(round)));
  const tasks = (caseId: string) => db.select().from(reviewTasks).where(eq(reviewTasks.caseId, caseId));

  it('is not put before reviewers when its case has left the round: nobody could settle it', async () => {
    const caseId = await openCase('acct_left');
    await recorded(caseId, { severity: 2, task: { round: 2, purpose: 'first', taskId: null } });
    await create(caseId, 1);
    expect(await tasks(caseId)).toEqual([]);
    const second = await create(caseId, 2);
    await recorded(caseId, { severity: 2, task: null });
    await create(caseId, 3);
    expect(await tasks(caseId)).toMatchObject([{ id: second, round: 2, status: 'open' }]);
    expect(await create(caseId, 2)).toBe(second);
  });

  it('has the severity to which its case rose meanwhile', async () => {
    const caseId = await openCase('acct_rose');
    await recorded(caseId, { severity: 1, task: { round: 1, purpose: 'first', taskId: null } });
    await create(caseId, 1);
    expect(await tasks(caseId)).toMatchObject([{ severity: 1 }]);
  });
});

describe('the signals of a merged case', () => {
  const merge = async (from: string, into: string) => {
    await db.update(cases).set({ closedAt: new Date(), status: 'merged' }).where(eq(cases.id, from));
    await recorded(from, { detectorVersionIds: [detector] });
    await db.transaction((tx) =>
      moveSignals(tx, from, { key: 'signals', type: 'moveSignals', into, severity: 2, signalCount: 1 }),
    );
  };
  const signalsOf = (caseId: string) => db.select().from(caseSignals).where(eq(caseSignals.caseId, caseId));

  it('open a case of their own when the other one was decided meanwhile', async () => {
    const [from, into] = [await openCase('acct_from'), await openCase('acct_into')];
    await db.update(cases).set({ decidedAt: new Date() }).where(eq(cases.id, into));
    await merge(from, into);
    const next = (await casesOf(world, 'acct_from')).at(-1);
    expect(next?.id).not.toBe(from);
    expect(await signalsOf(next?.id ?? '')).toHaveLength(1);
    expect(await signalsOf(into)).toHaveLength(1);
    expect(
      await db
        .select()
        .from(commands)
        .where(and(eq(commands.aggregateId, next?.id ?? ''), eq(commands.mode, 'start'))),
    ).toHaveLength(1);
  });

  it('count as later than a decision that was on its way when they came', async () => {
    const [from, into] = [await openCase('acct_before'), await openCase('acct_decided')];
    const { rows } = await db.execute<{ seq: string }>("SELECT nextval('fact_seq') AS seq");
    await merge(from, into);
    expect(await signalsOf(into)).toHaveLength(2);
    await db.update(cases).set({ decidedAt: new Date() }).where(eq(cases.id, into));
    await db.transaction((tx) => refileLateSignals(tx, into, Number(rows[0]?.seq)));
    expect(await signalsOf(into)).toHaveLength(1);
  });
});
