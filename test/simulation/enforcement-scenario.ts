import { actionNames, actionRule } from '#domain/enforcement/actions.ts';
import { orderMachine } from '#domain/enforcement/machine.ts';
import { defaultOrderLimits, openOrder, refusalReasons, reversalReasons } from '#domain/enforcement/order.ts';
import type { Order, OrderEffect, OrderEvent, OrderInput } from '#domain/enforcement/order.ts';
import { dayMs, hourMs } from '#domain/time.ts';
import { assertOrderRun } from './enforcement-invariants.ts';
import { anyone, team } from './people.ts';
import type { Random } from './random.ts';
import type { Scenario } from './simulate.ts';
import { SimulatedPlatform } from './simulated-platform.ts';

/** Fresh for each run. */
let platform = new SimulatedPlatform();

/** An order among approvers, impostors, a kill switch and a platform that loses answers. */
export const enforcementScenario: Scenario<Order, OrderEvent, OrderEffect> = {
  name: 'enforcement',
  machine: orderMachine,
  start(random, now) {
    platform = new SimulatedPlatform();
    platform.isKillSwitchOn = random.chance(20);
    return { state: openOrder(anyInput(random), now), first: { type: 'opened' } };
  },
  message: anyMessage,
  perform,
  check: (run) => assertOrderRun(run, platform),
  messages: 16,
  longestPauseMs: 30 * hourMs,
};

function anyInput(random: Random): OrderInput {
  const action = random.chance(60) ? 'suspend_account' : random.pick(actionNames);
  const { kind, target } = actionRule(action);
  return {
    orderId: 'enf_1',
    caseId: random.chance(90) ? 'cse_1' : null,
    decisionId: 'dec_1',
    decidedBy: random.pick(['per_anna', 'per_dan']),
    target: { kind: random.chance(99) ? target : 'content', ref: 'target-hash' },
    action,
    durationMs: kind === 'lasting' && random.chance(75) ? random.pick([hourMs, dayMs, 7 * dayMs]) : null,
    policyVersionId: 'plv_1',
    policyCode: 'fraud-1',
    synthetic: random.chance(4),
    protectedSubject: random.chance(15),
    limits: { ...defaultOrderLimits, stoppedPatienceMs: random.pick([2 * hourMs, dayMs]) },
  };
}

function anyMessage(random: Random, order: Order): OrderEvent | undefined {
  const by = anyone(random);
  const isParked = Object.values(order.duties).some(({ status }) => status === 'parked');
  if (isParked && random.chance(20)) return { type: random.chance(70) ? 'retry' : 'settleByHand', by };
  if (order.status === 'stopped' && random.chance(15)) return reverse(random);
  if (order.status === 'awaiting_approval' && random.chance(40)) {
    return random.chance(80)
      ? { type: 'approve', by }
      : { type: 'refuse', by, reasonCode: random.pick(refusalReasons) };
  }
  const roll = random.int(1, 100);
  if (roll <= 4) return { type: 'approve', by: random.pick(team) };
  if (roll <= 6) return { type: 'refuse', by, reasonCode: random.pick(refusalReasons) };
  if (roll <= 13) return reverse(random);
  if (roll <= 19) return { type: 'makePermanent', by };
  if (roll <= 23) return { type: 'retry', by };
  if (roll <= 25) return { type: 'settleByHand', by };
  if (roll <= 30) platform.isKillSwitchOn = true;
  if (roll > 30 && roll <= 40) {
    platform.isKillSwitchOn = false;
    return { type: 'killSwitchCleared' };
  }
  if (roll <= 44) return stale(random, order);
  return undefined;
}

function reverse(random: Random): OrderEvent {
  const by = anyone(random);
  // Whether it is accepted or not, the caller looks at the order again before it calls.
  platform.isWanted = false;
  return { type: 'reverse', by, reasonCode: random.pick(reversalReasons) };
}

/** An answer of a round that is over, or of none. */
const stale = (random: Random, order: Order): OrderEvent =>
  random.pick<OrderEvent>([
    {
      type: 'actionSettled',
      effectKey: `apply:${Math.max(0, order.duties.apply.round - 1)}`,
      result: 'failed_permanent',
      attempts: 1,
    },
    { type: 'actionSettled', effectKey: 'lift:99', result: 'applied', attempts: 1 },
    { type: 'noticeSent', effectKey: 'notice:99', result: 'failed_permanent' },
    { type: 'strikeRecorded', effectKey: 'apply:1' },
  ]);

function perform(random: Random, effect: OrderEffect): OrderEvent | undefined {
  const effectKey = effect.key;
  if (effect.type === 'applyAction') {
    const result = platform.apply(random, effect);
    return { type: 'actionSettled', effectKey, result, attempts: platform.attempts(effectKey) };
  }
  if (effect.type === 'liftAction') {
    const result = platform.lift(random, effect);
    return { type: 'actionSettled', effectKey, result, attempts: platform.attempts(effectKey) };
  }
  if (effect.type === 'sendNotice') {
    const result = random.chance(80) ? 'sent' : random.pick(['failed_transient', 'failed_permanent'] as const);
    return { type: 'noticeSent', effectKey, result };
  }
  if (effect.type === 'recordStrike') return { type: 'strikeRecorded', effectKey };
  if (effect.type === 'voidStrike') return { type: 'strikeVoided', effectKey };
  return effect.type === 'writeStatementOfReasons' ? { type: 'statementWritten', effectKey } : undefined;
}
