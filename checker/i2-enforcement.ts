import type { Facts, PlatformLine, PromiseCheck } from './facts.ts';
import { Findings } from './findings.ts';
import { byId, chainsOf, stepsOf } from './history.ts';
import type { Step } from './history.ts';
import { checkNotices } from './i2-notices.ts';
import { needsSecondPerson } from './order-state.ts';
import type { Order } from './order-state.ts';
import type { OrderRow } from './rows.ts';

type Change = Extract<PlatformLine, { type: 'action' }>;

const needs = ['effective changes', 'orders', 'notices'];

/** I2: at most one effective enforcement per order, target and action, as told by the platform's own log. */
export const enforcedOnce: PromiseCheck = {
  promise: 'I2',
  title: 'at most one effective enforcement per (order, target, action), even when the call is retried',
  needs,
  check(facts) {
    const found = new Findings('I2', needs);
    if (facts.platform === null) return found;
    const calls = facts.platform.filter((line): line is Change => line.type === 'action');
    const changes = calls.filter(({ changed }) => changed);
    checkLog(facts.platform, found);
    checkOnce(changes, found);
    for (const { dryRun, orderId, at } of changes) {
      if (dryRun) found.breach(`enforcement ${orderId}`, 'a rehearsal changed an account', at);
    }
    const histories = new Map(chainsOf(facts, 'enforcement').map((chain) => [chain.id, stepsOf<Order>(chain)]));
    for (const change of changes) checkWanted(facts, change, histories.get(change.orderId) ?? [], found);
    checkOrders(facts, changes, found);
    checkNotices(facts, facts.platform, found);
    return found;
  },
};

function checkLog(lines: readonly PlatformLine[], found: Findings): void {
  found.saw('log lines', lines.length);
  const hole = lines.findIndex((line, index) => line.seq !== index + 1);
  if (hole !== -1) found.breach('platform log', `line ${hole + 1} is missing or out of order`, lines[hole]?.at ?? null);
}

function checkOnce(changes: readonly Change[], found: Findings): void {
  const seen = new Set<string>();
  for (const change of changes) {
    found.saw('effective changes');
    const key = [change.orderId, change.operation, change.target.ref, change.action].join(' ');
    if (seen.has(key)) {
      found.breach(
        `enforcement ${change.orderId}`,
        `${change.operation} ${change.action} took effect twice`,
        change.at,
      );
    }
    seen.add(key);
  }
}

/** Nothing happens to an account that no order wanted, by its ledger, at that time. */
function checkWanted(facts: Facts, change: Change, steps: readonly Step<Order>[], found: Findings): void {
  const name = `enforcement ${change.orderId}`;
  const breach = (what: string): void => found.breach(name, what, change.at);
  const order = facts.orders.find(({ id }) => id === change.orderId);
  if (order === undefined) {
    breach('the platform changed an account for an order that is not there');
    return;
  }
  if (order.action !== change.action || order.account_ref !== change.target.ref) {
    breach('the platform did something else, or to another account, than was ordered');
  }
  // The platform keeps answers by route and key.
  const key = change.key.slice(change.key.indexOf(' ') + 1);
  const ledger = facts.actions.find((row) => row.idempotency_key === key);
  if (ledger === undefined || ledger.order_id !== order.id || ledger.operation !== change.operation) {
    breach(`the platform was asked to ${change.operation} without an entry in the ledger`);
  } else if (ledger.effect_id !== null && ledger.effect_id !== change.effectId) {
    breach('the ledger names another effect than the platform');
  }
  const until = change.at + facts.bounds.slackMs;
  const known = steps.filter(({ recordedAt }) => recordedAt <= until);
  const last = known.at(-1)?.state;
  if (change.operation === 'reverse') {
    if (!known.some(({ state }) => state.status === 'lifting')) breach('it was lifted before anything wanted that');
  } else if (last === undefined || !known.some(({ state }) => state.status === 'applying')) {
    breach('it was applied before anything wanted that');
  } else if (needsSecondPerson(last) && last.approvedBy === null)
    breach('it was applied before a second person agreed');
}

/** What an order says of itself is what happened at the platform. */
function checkOrders(facts: Facts, changes: readonly Change[], found: Findings): void {
  const byOrder = Map.groupBy(changes, ({ orderId }) => orderId);
  found.each(
    [...byId(facts.orders).values()],
    ({ id }) => `enforcement ${id}`,
    (row) => {
      if (row.state === null) return;
      found.saw('orders');
      const mine = byOrder.get(row.id) ?? [];
      const applied = mine.filter(({ operation }) => operation === 'apply').length;
      const reversed = mine.length - applied;
      for (const what of contradictions(row, row.state as Order, applied, reversed)) {
        found.breach(`enforcement ${row.id}`, what, row.updated_at);
      }
    },
  );
}

function contradictions(row: OrderRow, order: Order, applied: number, reversed: number): string[] {
  const { apply, lift } = order.duties;
  const wrong: string[] = [];
  if (apply.status === 'done' && applied !== 1) wrong.push(`it says applied, and took effect ${applied} times`);
  const neverAsked = ['proposed', 'awaiting_approval', 'refused'].includes(order.status);
  const cancelled = order.status === 'reversed' && order.appliedAt === null && !order.applyUncertain;
  if ((neverAsked || cancelled) && applied > 0)
    wrong.push(`it is ${order.status} without ever being applied, and took effect`);
  const inForce = row.status === 'active' || row.status === 'permanent';
  if (inForce && reversed > 0) wrong.push(`it is ${row.status}, and was lifted`);
  // Lifting to be sure, after a lost call, may find nothing to lift.
  if (lift.status === 'done' && reversed !== applied) {
    wrong.push(`it says lifted, and was applied ${applied} times and lifted ${reversed} times`);
  }
  if (lift.status === 'idle' && reversed > 0) wrong.push('it was lifted, and says nothing of it');
  return wrong;
}
