import assert from 'node:assert/strict';
import { actionRule, isLiftable } from '#domain/enforcement/actions.ts';
import { orderMachine } from '#domain/enforcement/machine.ts';
import { approverRoles } from '#domain/enforcement/order.ts';
import type { Order, OrderEffect, OrderEvent } from '#domain/enforcement/order.ts';
import type { Run } from './simulate.ts';
import type { SimulatedPlatform } from './simulated-platform.ts';

type OrderRun = Run<Order, OrderEvent, OrderEffect>;

/** What holds of every order, whatever the platform and the people did. */
export function assertOrderRun(run: OrderRun, platform: SimulatedPlatform): void {
  if (run.final.version === 0) {
    assert.equal(run.refusals.length > 0, true);
    assert.equal(platform.applied.size, 0, 'a refused order was applied');
    return;
  }
  assert.ok(!run.final.synthetic, 'a drill became an order');
  assertOneEffect(run, platform);
  assertTwoPeople(run);
  assertSaga(run);
  assertEnd(run, platform);
  assertCaseKnows(run);
  assertEscalations(run);
  assertNeverStuck(run);
}

const effectsOf = <T extends OrderEffect['type']>(run: OrderRun, type: T): Extract<OrderEffect, { type: T }>[] =>
  run.records.flatMap(({ effects }) => effects).filter((effect) => effect.type === type) as Extract<
    OrderEffect,
    { type: T }
  >[];

const settlements = (run: OrderRun, duty: 'apply' | 'lift') =>
  run.records.filter(
    ({ event }) =>
      event.type === 'actionSettled' &&
      event.effectKey.startsWith(`${duty}:`) &&
      (event.result === 'applied' || event.result === 'already_applied'),
  );

/** However often the calls are repeated, the platform sees one key for the action and one for its end. */
function assertOneEffect(run: OrderRun, platform: SimulatedPlatform): void {
  for (const type of ['applyAction', 'liftAction'] as const) {
    const keys = new Set(effectsOf(run, type).map(({ idempotencyKey }) => idempotencyKey));
    assert.ok(keys.size <= 1, `${type} went out under ${keys.size} keys`);
  }
  assert.ok(platform.applied.size <= 1, 'applied twice');
  assert.ok(platform.lifted.size <= 1, 'lifted twice');
  assert.ok(settlements(run, 'apply').length <= 1, 'two applications were accepted');
  assert.ok(settlements(run, 'lift').length <= 1, 'two lifts were accepted');
}

function assertTwoPeople(run: OrderRun): void {
  const { decidedBy, fourEyes } = run.final;
  const firstCall = run.records.findIndex(({ effects }) => effects.some(({ type }) => type === 'applyAction'));
  const approved = run.records.findIndex(({ event }) => event.type === 'approve');
  if (fourEyes.length > 0 && firstCall >= 0) assert.ok(approved >= 0 && approved <= firstCall, 'applied unapproved');
  for (const { event } of run.records) {
    if (!('by' in event)) continue;
    assert.equal(event.by.kind, 'person', `a machine said ${event.type}`);
    if (event.type !== 'approve' && event.type !== 'refuse' && event.type !== 'makePermanent') continue;
    assert.notEqual(event.by.id, decidedBy, `${event.type} by the person who decided`);
    const roles = event.by.kind === 'person' ? event.by.roles : [];
    assert.ok(
      roles.some((role) => approverRoles.includes(role)),
      `${event.type} without the role`,
    );
  }
}

/** Strike, statement and notice follow the application; a reversal takes the strike back. */
function assertSaga(run: OrderRun): void {
  const after = ['recordStrike', 'writeStatementOfReasons', 'sendNotice'] as const;
  for (const { effects, state } of run.records) {
    const early = effects.some(({ type }) => (after as readonly string[]).includes(type)) && state.appliedAt === null;
    assert.ok(!early, 'something followed an application that was not');
  }
  const { final } = run;
  const { strike, void_strike, statement, notice } = final.duties;
  assert.ok(effectsOf(run, 'recordStrike').length <= 1, 'two strikes for one order');
  assert.ok(effectsOf(run, 'voidStrike').length <= 1, 'a strike was voided twice');
  if (final.status === 'reversed') assert.equal(void_strike.status, strike.status, 'a reversed order kept its strike');
  else assert.equal(void_strike.status, 'idle', 'the strike of a standing order was voided');
  const standsOrStood = final.appliedAt !== null && final.reversal === null;
  if (standsOrStood) {
    const { strikeWeight, restriction } = actionRule(final.action);
    assert.equal(strike.status, strikeWeight > 0 ? 'done' : 'idle');
    assert.equal(statement.status, restriction === null ? 'idle' : 'done');
    assert.ok(['done', 'parked', 'by_hand'].includes(notice.status), 'nobody was told');
  }
  if (final.status === 'refused') assert.equal(effectsOf(run, 'applyAction').length, 0, 'a refused order was applied');
}

/** The case hears how its order stands, and each thing once in a row. */
function assertCaseKnows(run: OrderRun): void {
  const told = effectsOf(run, 'tellCase').map(({ outcome }) => outcome);
  if (run.final.caseId === null) return assert.deepEqual(told, []);
  const { status, appliedAt, approvalExpired } = run.final;
  const last = told.at(-1);
  if (status === 'refused') assert.equal(last, approvalExpired ? 'approval_expired' : 'refused');
  else if (status === 'reversed') assert.equal(last, appliedAt === null ? 'cancelled' : 'reversed');
  else if (status === 'apply_failed') assert.equal(last, 'failed');
  else if (appliedAt !== null && run.final.reversal === null) assert.equal(last, 'applied');
  assert.ok(told.filter((outcome) => outcome !== 'failed').length <= 2, `told ${told.join(', ')}`);
}

/** Ends at its end or by a reversal, never before, and then nothing of it is left at the platform. */
function assertEnd(run: OrderRun, platform: SimulatedPlatform): void {
  for (const { at, effects, before, state } of run.records) {
    const inForce = state.status === 'active' || state.status === 'permanent';
    assert.ok(!inForce || state.reversal === null, 'reversed, and in force');
    const isCalled = effects.some(({ type }) => type === 'applyAction');
    assert.ok(!isCalled || state.reversal === null, 'reversed, and applied again');
    assert.ok(state.status === 'stopped' || (state.stoppedDueAt === null && !state.stopEscalated), 'still held');
    if (!effects.some(({ type }) => type === 'liftAction')) continue;
    const isDue = before.endsAt !== null && at >= before.endsAt;
    assert.ok(
      state.reversal !== null || isDue || before.status === 'lifting' || before.status === 'lift_failed',
      'lifted early',
    );
  }
  const { status, action, duties } = run.final;
  const isOver = status === 'lifted' || status === 'reversed' || status === 'refused';
  const byHand = duties.lift.status === 'by_hand';
  if (isOver && isLiftable(action) && !byHand) assert.equal(platform.held.size, 0, `${status}, and still restricted`);
  if ((status === 'active' || status === 'permanent') && duties.apply.status === 'done') {
    assert.equal(platform.held.size, 1, `${status}, and not restricted`);
  }
  const isOut = run.records.some(
    ({ state, at }) => state.status === 'active' && state.endsAt !== null && state.endsAt < at,
  );
  assert.ok(!isOut, 'active past its end');
}

function assertEscalations(run: OrderRun): void {
  const open = new Map<string, number>();
  for (const effect of run.records.flatMap(({ effects }) => effects)) {
    if (effect.type === 'openEscalation') open.set(effect.dedupKey, (open.get(effect.dedupKey) ?? 0) + 1);
    if (effect.type === 'resolveEscalation') open.set(effect.dedupKey, (open.get(effect.dedupKey) ?? 0) - 1);
  }
  const parked = Object.values(run.final.duties).filter((duty) => duty.escalated).length;
  const expected = parked + Number(run.final.approvalExpired) + Number(run.final.stopEscalated);
  const still = [...open.values()];
  assert.ok(
    still.every((count) => count === 0 || count === 1),
    'an escalation was opened or resolved twice',
  );
  assert.equal(
    still.filter((count) => count === 1).length,
    expected,
    'an open escalation has no cause, or a cause none',
  );
}

/** At rest an order is over, in force without an end, or escalated. */
function assertNeverStuck(run: OrderRun): void {
  const { final } = run;
  if (orderMachine.isFinal(final)) return;
  const isVisible = Object.values(final.duties).some((duty) => duty.escalated && duty.status === 'parked');
  assert.ok(final.status === 'permanent' || isVisible, `stuck as ${final.status}`);
}
