import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#db/ids.ts';
import { cases, commands, decisions, exposureEntries, idempotencyRecords, reviewTasks } from '#db/schema/index.ts';
import { startTestApi } from '#test/support/api.ts';
import type { Caller, TestApi } from '#test/support/api.ts';
import { seedWorld } from '#test/support/world.ts';
import type { World } from '#test/support/world.ts';

let api: TestApi;
let world: World;
let reviewer: Caller;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => {
  world = await seedWorld(api.db);
  reviewer = await api.principal({ roles: ['reviewer'], teamId: world.teamId });
});

const task = (path = '') => `/v1/review-tasks/${world.taskId}${path}`;
const claimNext = (caller: Caller, headers?: Record<string, string>) =>
  caller.call('POST', `/v1/review-queues/${world.queueId}/claims`, undefined, headers);
const decide = (caller: Caller, body: object, headers?: Record<string, string>) =>
  caller.call(
    'POST',
    task('/decisions'),
    { policyVersionId: world.policyVersionId, verdict: 'violation', ...body },
    headers,
  );

/** Many open cases with a task each in the queue of the world. */
async function seedTasks(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => ({ caseId: newId('case'), taskId: newId('reviewTask') }));
  await api.db.insert(cases).values(
    ids.map(({ caseId }, index) => ({
      id: caseId,
      productId: world.productId,
      teamId: world.teamId,
      accountRef: `many-${index}`,
      harm: 'fraud',
      severity: 3,
      synthetic: false,
      policyVersionId: world.policyVersionId,
      status: 'in_review',
    })),
  );
  await api.db.insert(reviewTasks).values(
    ids.map(({ caseId, taskId }) => ({
      id: taskId,
      caseId,
      queueId: world.queueId,
      round: 1,
      severity: 3,
      status: 'open',
      dueAt: new Date(Date.now() + 3_600_000),
    })),
  );
  return ids.map(({ taskId }) => taskId);
}

describe('claiming', () => {
  it('gives the worst case first, and nothing when nothing waits', async () => {
    await seedTasks(1);
    const first = await claimNext(reviewer);
    expect(first.statusCode).toBe(201);
    expect(first.json()).toMatchObject({ id: world.taskId, leaseOwner: reviewer.id, leaseToken: 1, status: 'open' });
    expect((await claimNext(reviewer)).json()).toMatchObject({ severity: 3 });
    const none = await claimNext(reviewer);
    expect([none.statusCode, none.body]).toEqual([204, '']);
  });

  it('gives twenty reviewers who ask at once twenty different tasks', async () => {
    await seedTasks(25);
    const reviewers = await Promise.all(
      Array.from({ length: 20 }, () => api.principal({ roles: ['reviewer'], teamId: world.teamId })),
    );
    const answers = await Promise.all(reviewers.map((one) => claimNext(one)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(20);
    const leased = await api.db
      .select({ owner: reviewTasks.leaseOwner })
      .from(reviewTasks)
      .where(sql`${reviewTasks.queueId} = ${world.queueId} AND ${reviewTasks.leaseExpiresAt} > now()`);
    expect(new Set(leased.map(({ owner }) => owner))).toEqual(new Set(reviewers.map(({ id }) => id)));
  });

  it('repeats the same claim under the same key, and nothing else', async () => {
    await seedTasks(3);
    const key = randomUUID();
    const first = await claimNext(reviewer, { 'idempotency-key': key });
    const again = await claimNext(reviewer, { 'idempotency-key': key });
    expect(again.json()).toEqual(first.json());
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await reviewer.call('POST', task('/claims'), undefined, { 'idempotency-key': key });
    expect([other.statusCode, other.json().code]).toEqual([422, 'idempotency.key_reused']);
  });

  it('tells a second person who comes by name that the task is taken, and records that', async () => {
    expect((await reviewer.call('POST', task('/claims'))).statusCode).toBe(201);
    const second = await api.principal({ roles: ['reviewer'], teamId: world.teamId });
    const key = { 'idempotency-key': randomUUID() };
    const refused = await second.call('POST', task('/claims'), undefined, key);
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'task.leased']);
    // The same question gets the same answer, and is recorded once.
    expect((await second.call('POST', task('/claims'), undefined, key)).json()).toEqual(refused.json());
    const auditor = await api.principal({ roles: ['auditor'] });
    const { items } = (await auditor.call('GET', `/v1/audit/case/${world.caseId}/events`)).json();
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'case.taskClaimed',
      'case.taskClaimed.refused',
    ]);
    expect(items[1]).toMatchObject({ actorId: second.id, reason: 'task.leased' });
  });

  it('keeps sensitive queues to sensitive reviewers, and services out altogether', async () => {
    const sensitive = await api.db.execute(sql`UPDATE review_queues SET sensitive = true WHERE id = ${world.queueId}`);
    expect(sensitive.rowCount).toBe(1);
    expect((await claimNext(reviewer)).json().code).toBe('task.not_for_you');
    const trained = await api.principal({ roles: ['sensitive_reviewer'], teamId: world.teamId });
    expect((await claimNext(trained)).statusCode).toBe(201);
    const machine = await api.principal({ kind: 'service', roles: ['reviewer'], teamId: world.teamId });
    expect((await claimNext(machine)).json().code).toBe('decision.person_required');
  });

  it('hands a task back, and renews only the lease that is held', async () => {
    await claimNext(reviewer);
    const stale = await reviewer.call('POST', task('/lease-renewals'), { leaseToken: 9 });
    expect([stale.statusCode, stale.json().code]).toEqual([409, 'task.lease_lost']);
    const renewed = await reviewer.call('POST', task('/lease-renewals'), { leaseToken: 1 });
    expect([renewed.statusCode, renewed.json().leaseToken]).toEqual([201, 1]);
    expect((await reviewer.call('POST', task('/lease-releases'), { leaseToken: 1 })).statusCode).toBe(204);
    const next = await api.principal({ roles: ['reviewer'], teamId: world.teamId });
    expect((await claimNext(next)).json()).toMatchObject({ id: world.taskId, leaseToken: 2 });
  });
});

describe('looking and deciding', () => {
  it('shows the pinned policy with the task, and the content only to the holder of the lease', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    const opened = await reviewer.call('GET', task());
    expect(opened.json()).toMatchObject({
      case: { id: world.caseId, accountRef: 'account-1', harm: 'fraud' },
      policy: { policyVersionId: world.policyVersionId, body: 'No fraud.' },
    });
    expect(opened.body).not.toContain('the reported text');
    const onlooker = await api.principal({ roles: ['reviewer'], teamId: world.teamId });
    expect((await onlooker.call('POST', task('/reveals'), { leaseToken })).statusCode).toBe(409);
    const shown = await reviewer.call('POST', task('/reveals'), { leaseToken });
    expect(shown.json().items).toMatchObject([{ signalId: world.signalId, text: 'the reported text' }]);
    expect(shown.headers['cache-control']).toBe('no-store');
    const exposures = await api.db.select().from(exposureEntries).where(eq(exposureEntries.taskId, world.taskId));
    expect(exposures).toMatchObject([{ personId: reviewer.id, contentId: world.contentId }]);
    const kept = await api.db.select().from(idempotencyRecords);
    expect(JSON.stringify(kept)).not.toContain('the reported text');
  });

  it('records one decision when the same person sends it twice at once, and tells the case once', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => decide(reviewer, { leaseToken, note: 'clear' })),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => answer.json().decisionId)).size).toBe(1);
    const made = await api.db.select().from(decisions).where(eq(decisions.taskId, world.taskId));
    expect(made).toMatchObject([{ decidedBy: reviewer.id, verdict: 'violation', decidedAsRole: 'reviewer' }]);
    const told = await api.db
      .select()
      .from(commands)
      .where(sql`${commands.aggregateId} = ${world.caseId} AND ${commands.name} = 'decisionRecorded'`);
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).not.toContain('clear');
  });

  it('keeps the first of two different decisions that come at once', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    const answers = await Promise.all(
      ['violation', 'no_violation'].map((verdict) => decide(reviewer, { leaseToken, verdict })),
    );
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expect(await api.db.select().from(decisions).where(eq(decisions.taskId, world.taskId))).toHaveLength(1);
  });

  it('does not take a second decision for the first when it orders something else', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    const suspend = (days: number) => ({
      leaseToken,
      enforcement: { action: 'suspend_account', durationMs: days * 86_400_000 },
    });
    expect((await decide(reviewer, suspend(1))).statusCode).toBe(201);
    const other = await decide(reviewer, suspend(30));
    expect([other.statusCode, other.json().code]).toEqual([409, 'task.settled']);
    expect((await decide(reviewer, suspend(1))).statusCode).toBe(201);
  });

  it('refuses a decision under a lost lease or another policy version, and enforcement that cannot be', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    const refused = async (body: object) => {
      const answer = await decide(reviewer, { leaseToken, ...body });
      return [answer.statusCode, answer.json().code];
    };
    expect(await refused({ leaseToken: 7 })).toEqual([409, 'task.lease_lost']);
    expect(await refused({ policyVersionId: newId('policyVersion') })).toEqual([409, 'case.policy_changed']);
    const suspend = { action: 'suspend_account', durationMs: 86_400_000 };
    expect(await refused({ verdict: 'no_violation', enforcement: suspend })).toEqual([
      422,
      'case.enforcement_without_violation',
    ]);
    expect(await refused({ enforcement: { ...suspend, durationMs: 400 * 86_400_000 } })).toEqual([
      422,
      'enforcement.duration_unfit',
    ]);
    expect(await refused({ enforcement: { ...suspend, action: 'remove_content' } })).toEqual([
      422,
      'enforcement.target_unfit',
    ]);
    expect(await api.db.select().from(decisions).where(eq(decisions.taskId, world.taskId))).toEqual([]);
    expect(await refused({ enforcement: suspend })).toEqual([201, undefined]);
  });

  it('chains all of it so that the chain verifies', async () => {
    const { leaseToken } = (await claimNext(reviewer)).json();
    await reviewer.call('POST', task('/reveals'), { leaseToken });
    await decide(reviewer, { leaseToken });
    const auditor = await api.principal({ roles: ['auditor'] });
    const answer = await auditor.call('GET', `/v1/audit/case/${world.caseId}/verification`);
    expect(answer.json()).toMatchObject({ isWhole: true, events: 3, fault: null });
  });
});
