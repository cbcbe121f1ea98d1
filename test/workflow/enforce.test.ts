import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person, Role } from '#domain/actor.ts';
import { dayMs, hourMs } from '#domain/time.ts';
import { engageKillSwitch, releaseKillSwitch, tellOrdersOfRelease } from '#db/repositories/kill-switches.ts';
import { notices, protectedSubjects, statementsOfReasons, strikes } from '#db/schema/index.ts';
import { workflowId } from '#workflows/contract.ts';
import { ask, refusalOf } from '../support/ask.ts';
import type { Asked } from '../support/ask.ts';
import { buildCaseWorld, seedDetector } from '../support/case-world.ts';
import type { CaseWorld } from '../support/case-world.ts';
import { FakePhones } from '../support/fake-phones.ts';
import { startTestPlatform } from '../support/platform.ts';
import type { TestPlatform } from '../support/platform.ts';
import { caseWhen, escalationsOf, openOrder, orderWhen, suspension } from '../support/reviewing.ts';
import { fastForward } from '../support/temporal.ts';
import { eventually, startTestVigil } from '../support/vigil.ts';
import type { TestVigil } from '../support/vigil.ts';

let vigil: TestVigil;
let platform: TestPlatform;
let world: CaseWorld;
let detector: string;

beforeAll(async () => {
  platform = await startTestPlatform();
  vigil = await startTestVigil({ channels: new FakePhones().channels, enforcementApi: platform.api });
  world = await buildCaseWorld(vigil.db);
  detector = await seedDetector(world);
});
afterAll(async () => {
  await vigil.stop();
  await platform.stop();
});

const tell = (orderId: string, by: Person, name: string, input: Record<string, string> = {}): Promise<Asked> =>
  ask(vigil, by, 'enforcement', orderId, name, input);
const forward = (orderId: string, ms: number): Promise<void> =>
  fastForward(vigil.temporal, workflowId('enforcement', orderId), ms / 1_000, { mayEnd: true });
const also = (person: Person, role: Role): Person => ({ ...person, roles: [...person.roles, role] });
const done = { outcome: { status: 'done' } };

describe('four eyes', () => {
  it('applies a suspension without an end only when a second person agrees', async () => {
    const account = 'acct_permanent';
    const order = await openOrder(world, detector, account, { action: 'suspend_account', durationMs: null });
    await orderWhen(world, order.id, (row) => row.status === 'awaiting_approval');
    const { people } = world;
    expect(refusalOf(await tell(order.id, people.second, 'approve'))).toBe('auth.forbidden');
    expect(refusalOf(await tell(order.id, also(people.reviewer, 'ops_lead'), 'approve'))).toBe(
      'enforcement.same_person',
    );
    const byService = await ask(vigil, { kind: 'service', id: 'int_bot' }, 'enforcement', order.id, 'approve');
    expect(refusalOf(byService)).toBe('decision.person_required');
    expect(await platform.changes(account)).toEqual([]);

    expect(await tell(order.id, people.ops, 'approve')).toMatchObject(done);
    const row = await orderWhen(world, order.id, (now) => now.status === 'permanent');
    expect(row).toMatchObject({ approvedBy: people.ops.id, decidedBy: people.reviewer.id, endsAt: null });
    expect(await platform.status(account)).toBe('suspended');
    await forward(order.id, 365 * dayMs);
    expect(await platform.status(account)).toBe('suspended');
    expect(await platform.changes(account)).toHaveLength(1);
  });

  it('never restricts a protected account on the word of one person', async () => {
    const account = 'acct_protected';
    await vigil.db
      .insert(protectedSubjects)
      .values({ productId: world.productId, accountRef: account, addedBy: world.people.ops.id });
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => row.status === 'awaiting_approval');
    expect(await tell(order.id, world.people.policy, 'refuse', { reasonCode: 'not_proportionate' })).toMatchObject(
      done,
    );
    await orderWhen(world, order.id, (row) => row.status === 'refused' && row.closedAt !== null);
    const { state } = await caseWhen(world, order.caseId, (row) => row.closedAt !== null);
    expect(state?.enforcementOutcome).toBe('refused');
    expect(await platform.changes(account)).toEqual([]);
  });

  it('lets an approval expire, says so, and wakes someone', async () => {
    const account = 'acct_expired';
    const order = await openOrder(world, detector, account, { action: 'suspend_account', durationMs: null });
    await orderWhen(world, order.id, (row) => row.status === 'awaiting_approval');
    await forward(order.id, 23 * hourMs);
    expect(await escalationsOf(world, `enforcement:${order.id}`)).toEqual([]);
    await forward(order.id, 2 * hourMs);
    await orderWhen(world, order.id, (row) => row.status === 'refused' && row.closedAt !== null);
    await eventually(
      'the escalation',
      async () => (await escalationsOf(world, `enforcement:${order.id}:approval`)).length === 1,
    );
    const { state } = await caseWhen(world, order.caseId, (row) => row.closedAt !== null);
    expect(state?.enforcementOutcome).toBe('approval_expired');
    expect(refusalOf(await tell(order.id, world.people.ops, 'approve'))).toBe('aggregate.ended');
    expect(await platform.changes(account)).toEqual([]);
  });
});

describe('the kill switch', () => {
  const engage = async (): Promise<string> => {
    const row = await engageKillSwitch(vigil.db, world.productId, world.people.oncall.id);
    if (!row) throw new Error('the switch was engaged already');
    return row.id;
  };
  const release = (id: string) => releaseKillSwitch(vigil.db, world.productId, id, world.people.ops.id);

  it('holds new restrictions, not the end of old ones, and lets them go on when it is released', async () => {
    const old = await openOrder(world, detector, 'acct_old');
    await orderWhen(world, old.id, (row) => row.status === 'active');
    const switchId = await engage();
    const held = await openOrder(world, detector, 'acct_held');
    await orderWhen(world, held.id, (row) => row.status === 'stopped');
    await forward(old.id, 8 * dayMs);
    await orderWhen(world, old.id, (row) => row.status === 'lifted');
    expect(await platform.status('acct_old')).toBe('active');
    expect(await platform.changes('acct_held')).toEqual([]);

    await forward(held.id, 26 * hourMs);
    const key = `enforcement:${held.id}:kill_switch`;
    await eventually('someone is woken', async () => (await escalationsOf(world, key)).length === 1);
    await vigil.db.transaction(async (tx) => {
      await releaseKillSwitch(tx, world.productId, switchId, world.people.ops.id);
      await tellOrdersOfRelease(tx, world.productId, switchId);
    });
    await orderWhen(world, held.id, (row) => row.status === 'active');
    await eventually('the escalation is over', async () => (await escalationsOf(world, key))[0]?.closedAt);
    expect(await platform.changes('acct_held')).toHaveLength(1);
  });

  it('is looked at again by timer, should the news of its release get lost', async () => {
    const switchId = await engage();
    const order = await openOrder(world, detector, 'acct_unheard');
    await orderWhen(world, order.id, (row) => row.status === 'stopped');
    await release(switchId);
    await forward(order.id, 61 * 60_000);
    await orderWhen(world, order.id, (row) => row.status === 'active');
  });

  it('does not hold a reversal: what never began is cancelled for good', async () => {
    const switchId = await engage();
    const order = await openOrder(world, detector, 'acct_cancelled');
    await orderWhen(world, order.id, (row) => row.status === 'stopped');
    expect(await tell(order.id, world.people.ops, 'reverse', { reasonCode: 'mistake' })).toMatchObject(done);
    await orderWhen(world, order.id, (row) => row.status === 'reversed' && row.closedAt !== null);
    await vigil.db.transaction(async (tx) => {
      await releaseKillSwitch(tx, world.productId, switchId, world.people.ops.id);
      await tellOrdersOfRelease(tx, world.productId, switchId);
    });
    expect((await platform.records('action')).filter(({ target }) => target.ref === 'acct_cancelled')).toEqual([]);
    expect((await caseWhen(world, order.caseId, (row) => row.closedAt !== null)).state?.enforcementOutcome).toBe(
      'cancelled',
    );
  });
});

describe('after the application', () => {
  it('reverses: lifts once, voids the strike, and tells the account', async () => {
    const account = 'acct_reversed';
    const order = await openOrder(world, detector, account);
    await orderWhen(world, order.id, (row) => row.status === 'active' && row.state?.duties.notice.status === 'done');
    expect(await tell(order.id, world.people.ops, 'reverse', { reasonCode: 'appeal_overturned' })).toMatchObject(done);
    expect(refusalOf(await tell(order.id, world.people.ops, 'reverse', { reasonCode: 'mistake' }))).toBe(
      'enforcement.already_reversed',
    );
    await orderWhen(world, order.id, (row) => row.status === 'reversed' && row.closedAt !== null);
    expect((await platform.changes(account)).map(({ operation }) => operation)).toEqual(['apply', 'reverse']);
    const [strike] = await vigil.db.select().from(strikes).where(eq(strikes.orderId, order.id));
    expect(strike?.voidedAt).not.toBeNull();
    const sent = await vigil.db.select().from(notices).where(eq(notices.orderId, order.id));
    expect(new Set(sent.map(({ kind, status }) => `${kind} ${status}`))).toEqual(
      new Set(['restricted sent', 'reversed sent']),
    );
  });

  it('makes a suspension permanent only by a second person, with a statement of its own', async () => {
    const account = 'acct_made_permanent';
    const order = await openOrder(world, detector, account, suspension);
    await orderWhen(world, order.id, (row) => row.status === 'active');
    const decider = also(world.people.reviewer, 'policy');
    expect(refusalOf(await tell(order.id, decider, 'makePermanent'))).toBe('enforcement.same_person');
    expect(await tell(order.id, world.people.policy, 'makePermanent')).toMatchObject(done);
    await forward(order.id, 30 * dayMs);
    expect(await platform.status(account)).toBe('suspended');
    const kinds = await vigil.db
      .select({ kind: statementsOfReasons.kind })
      .from(statementsOfReasons)
      .where(eq(statementsOfReasons.orderId, order.id));
    expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['made_permanent', 'restricted']));
    expect(await platform.changes(account)).toHaveLength(1);
  });
});
