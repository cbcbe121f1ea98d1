import { asc, eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '#domain/actor.ts';
import { hourMs, minuteMs } from '#domain/time.ts';
import { actionAttempts, enforcementActions, notices } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask, refusalOf } from '../support/ask.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { caseWhen, escalationsOf, openOrder, orderWhen } from '../support/reviewing.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
let detector: string;
const phones = new FakePhones();

beforeAll(async () => {
  platform = await startTestPlatform();
  vigil = await startTestVigil({ channels: phones.channels, enforcementApi: platform.api });
  world = await buildCaseWorld(vigil.db);
  detector = await seedDetector(world);
});
afterEach(() => platform.comeBack());
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
});

const actions = '/enforcement/actions';
const about = (account: string) => ({ match: { 'target.ref': account } });
const tell = (orderId: string, by: Person, name: string, input: Record<string, string> = {}) =>
  ask(vigil, by, 'enforcement', orderId, name, input);
const forward = (orderId: string, ms: number) =>
  fastForward(vigil.temporal, workflowId('enforcement', orderId), ms / 1_000);

/** What came of each call of an operation, in order. */
async function outcomesOf(orderId: string, operation = 'apply'): Promise<string[]> {
  const rows = await vigil.db
    .select({ outcome: actionAttempts.outcome, operation: enforcementActions.operation })
    .from(actionAttempts)
    .innerJoin(enforcementActions, eq(enforcementActions.id, actionAttempts.actionId))
    .where(eq(enforcementActions.orderId, orderId))
    .orderBy(asc(actionAttempts.at), asc(actionAttempts.attempt));
  return rows.filter((row) => row.operation === operation).map(({ outcome }) => outcome);
}

// Each on an account of its own, and most of their time is waiting.
describe.concurrent('an answer that does not come', () => {
  it.each([
    ['lost_after_success', 'connection_lost'],
    ['error_500', 'server_error'],
    ['garbage', 'not_json'],
    ['connection_reset', 'connection_lost'],
    ['rate_limited', 'rate_limited'],
    ['hang', 'timeout'],
  ] as const)('%s: the account is suspended exactly once all the same', async (mode, outcome) => {
    const account = `acct_${mode}`;
    await platform.fault({ mode, times: 2, route: actions, ...about(account), retryAfterSeconds: 0 });
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => row.status === 'active');
    expect(await platform.changes(account)).toHaveLength(1);
    expect(await outcomesOf(order.id)).toEqual([outcome, outcome, 'applied']);
  });

  it('repeats the very same call, however long after the first', async () => {
    const account = 'acct_same_call';
    await platform.fault({ mode: 'lost_after_success', times: 12, route: actions, ...about(account) });
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => (row.state?.duties.apply.round ?? 0) === 1);
    await forward(order.id, 10 * minuteMs);
    await orderWhen(world, order.id, (row) => row.status === 'active');
    expect(await platform.changes(account)).toHaveLength(1);
    const keys = (await platform.records('arrival')).filter(({ key }) => key === `${order.id}:apply`);
    expect(keys.length).toBeGreaterThan(10);
    expect(new Set(keys.map(({ bodySha256 }) => bodySha256)).size).toBe(1);
    expect(
      await vigil.db.select().from(enforcementActions).where(eq(enforcementActions.orderId, order.id)),
    ).toMatchObject([{ status: 'done', attempts: keys.length }]);
  });
});

describe('a platform that is down', () => {
  it('is tried again for hours, and the order applied once when it is back', async () => {
    const account = 'acct_down';
    await platform.goDown();
    const order = await openOrder(world, detector, account);
    await forward(order.id, 3 * hourMs);
    const waiting = await orderWhen(world, order.id, (row) => (row.state?.duties.apply.retries ?? 0) >= 3);
    expect(waiting.status).toBe('applying');
    expect(await escalationsOf(world, `enforcement:${order.id}`)).toEqual([]);
    await platform.comeBack();
    await forward(order.id, 9 * hourMs);
    await orderWhen(world, order.id, (row) => row.status === 'active');
    expect(await platform.changes(account)).toHaveLength(1);
  });

  it('parks the order in sight when all tries are used up, and a person has it tried again', async () => {
    const account = 'acct_parked';
    await platform.goDown();
    const order = await openOrder(world, detector, account);
    await forward(order.id, 12 * hourMs);
    await orderWhen(world, order.id, (row) => row.status === 'apply_failed');
    const [escalation] = await eventually('someone is woken', async () => {
      const found = await escalationsOf(world, `enforcement:${order.id}:apply`);
      return found.length > 0 ? found : null;
    });
    expect(escalation?.severity).toBe(2);
    expect(
      (await caseWhen(world, order.caseId, (row) => row.state?.enforcementOutcome === 'failed')).closedAt,
    ).toBeNull();
    await platform.comeBack();
    expect((await tell(order.id, world.people.oncall, 'retry')).outcome).toMatchObject({ status: 'done' });
    await orderWhen(world, order.id, (row) => row.status === 'active');
    await caseWhen(world, order.caseId, (row) => row.state?.enforcementOutcome === 'applied' && row.closedAt !== null);
    await eventually(
      'the escalation is over',
      async () => (await escalationsOf(world, `enforcement:${order.id}:apply`))[0]?.closedAt,
    );
    expect(await platform.changes(account)).toHaveLength(1);
  });

  it('undoes by a lift what it may have done before the order was reversed', async () => {
    const account = 'acct_uncertain';
    await platform.fault({ mode: 'lost_after_success', route: actions, ...about(account) });
    await platform.fault({
      mode: 'error_500',
      times: 100,
      route: actions,
      match: { 'target.ref': account, operation: 'apply' },
    });
    const order = await openOrder(world, detector, account);
    await eventually('the first call is lost', async () => (await platform.changes(account)).length === 1);
    expect((await tell(order.id, world.people.ops, 'reverse', { reasonCode: 'mistake' })).outcome).toMatchObject({
      status: 'done',
    });
    await orderWhen(world, order.id, (row) => row.status === 'reversed' && row.closedAt !== null);
    expect(await platform.status(account)).toBe('active');
    expect((await platform.changes(account)).map(({ operation }) => operation)).toEqual(['apply', 'reverse']);
  });
});

describe('a platform that refuses', () => {
  it('parks the order at once; a retry by a person works when the platform has been mended', async () => {
    const account = 'acct_rejected';
    await platform.fault({ mode: 'reject_permanent', times: 2, route: actions, ...about(account) });
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => row.status === 'apply_failed');
    expect(await outcomesOf(order.id)).toEqual(['rejected']);
    expect(refusalOf(await tell(order.id, world.people.second, 'settleByHand'))).toBe('auth.forbidden');
    expect((await tell(order.id, world.people.oncall, 'retry')).outcome).toMatchObject({ status: 'done' });
    await orderWhen(
      world,
      order.id,
      (row) => row.status === 'apply_failed' && (row.state?.duties.apply.round ?? 0) === 2,
    );
    expect((await tell(order.id, world.people.oncall, 'retry')).outcome).toMatchObject({ status: 'done' });
    await orderWhen(world, order.id, (row) => row.status === 'active');
    expect(refusalOf(await tell(order.id, world.people.oncall, 'retry'))).toBe('enforcement.nothing_to_retry');
    expect(await platform.changes(account)).toHaveLength(1);
  });

  it('lets a person do by hand what it will not', async () => {
    const account = 'acct_by_hand';
    await platform.fault({ mode: 'reject_permanent', times: 9, route: actions, ...about(account) });
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => row.status === 'apply_failed');
    expect((await tell(order.id, world.people.ops, 'settleByHand')).outcome).toMatchObject({ status: 'done' });
    const row = await orderWhen(world, order.id, (now) => now.status === 'active');
    expect(row.state?.duties.apply.status).toBe('by_hand');
    expect(await platform.changes(account)).toEqual([]);
  });

  it('wakes someone for a notice that is not taken, and sends it once when it is', async () => {
    const account = 'acct_notice';
    await platform.fault({ mode: 'reject_permanent', route: '/notices', match: { accountRef: account } });
    const order = await openOrder(world, detector, account);
    await eventually(
      'someone is woken',
      async () => (await escalationsOf(world, `enforcement:${order.id}:notice`)).length === 1,
    );
    expect((await tell(order.id, world.people.oncall, 'retry')).outcome).toMatchObject({ status: 'done' });
    await eventually('the notice', async () => {
      const [row] = await vigil.db.select().from(notices).where(eq(notices.orderId, order.id));
      return row?.status === 'sent';
    });
    expect((await platform.records('notice')).filter(({ accountRef }) => accountRef === account)).toHaveLength(1);
    await eventually(
      'the escalation is over',
      async () => (await escalationsOf(world, `enforcement:${order.id}:notice`))[0]?.closedAt,
    );
  });
});
