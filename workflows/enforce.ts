import { orderMachine } from '#domain/enforcement/machine.ts';
import { openOrder } from '#domain/enforcement/order.ts';
import type { Order, OrderEffect, OrderEvent, OrderInput } from '#domain/enforcement/order.ts';
import type { AggregateInput } from './contract.ts';
import { orElse, runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import { platform, store } from './options.ts';

/**
 * One enforcement order as a saga: four eyes where they are needed, the platform's action once, then strike, statement
 * and notice; the lift at its end; reversal for as long as an appeal may come.
 *
 * One run per order. A call that stays failed is parked in the state and wakes someone; nothing is given up silently.
 */
export async function enforce(input: AggregateInput<OrderInput, Carried<Order>>): Promise<Order['status']> {
  const { id } = input;
  const ended = await runAggregate({ kind: 'enforcement', machine: orderMachine, open: openOrder, perform }, input);
  return ended.status;

  async function perform(effect: OrderEffect): Promise<OrderEvent | undefined> {
    const effectKey = effect.key;
    switch (effect.type) {
      case 'applyAction':
        return orElse(platform.applyAction(id, effect), {
          type: 'actionSettled',
          effectKey,
          result: 'failed_transient',
          attempts: 0,
        });
      case 'liftAction':
        return orElse(platform.liftAction(id, effect), {
          type: 'actionSettled',
          effectKey,
          result: 'failed_transient',
          attempts: 0,
        });
      case 'sendNotice':
        return orElse(platform.sendNotice(id, effect), { type: 'noticeSent', effectKey, result: 'failed_transient' });
      case 'recordStrike':
        await store.recordStrike(id, effect);
        return { type: 'strikeRecorded', effectKey };
      case 'voidStrike':
        await store.voidStrike(id);
        return { type: 'strikeVoided', effectKey };
      case 'writeStatementOfReasons':
        await store.writeStatement(id, effect);
        return { type: 'statementWritten', effectKey };
      case 'openEscalation':
        await store.escalateOrder(id, effect);
        return undefined;
      case 'resolveEscalation':
        await store.resolveOrderEscalation(id, effect);
        return undefined;
      case 'tellCase':
        await store.tellCase(id, effect);
        return undefined;
    }
  }
}
