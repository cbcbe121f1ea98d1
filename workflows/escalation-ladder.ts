import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder, LadderInput } from '#domain/escalation/ladder.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type { LadderEffect, LadderEvent } from '#domain/escalation/messages.ts';
import type { AggregateInput } from './contract.ts';
import { orElse, runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import type { RecordingCall } from './lib/recorder.ts';
import { paging, store } from './options.ts';

/**
 * Pages each rung of the frozen policy in turn until a person acknowledges, and stays until the escalation is resolved.
 *
 * One run per escalation. An acknowledgement answers after it was recorded; no page starts after that answer. The rules
 * are `domain/escalation`; here is only what it takes to carry them out.
 */
export async function escalationLadder(input: AggregateInput<LadderInput, Carried<Ladder>>): Promise<Ladder['status']> {
  const ladder = await runAggregate(
    { kind: 'escalation', machine: ladderMachine, open: openLadder, perform, performRecording },
    input,
  );
  return ladder.status;

  async function perform(effect: LadderEffect, state: () => Ladder): Promise<LadderEvent | undefined> {
    switch (effect.type) {
      case 'resolveRung':
        return store.resolveRung(effect, state().policy.workingHours, Date.now());
      case 'resolvePeople':
        return store.resolvePeople(effect, Date.now());
      case 'page':
        return orElse(paging.sendPage(input.id, effect), {
          type: 'pageSettled',
          effectKey: effect.key,
          result: 'failed_transient',
          deliveryId: null,
        });
      case 'tellResolved':
        await orElse(paging.sendResolved(input.id, effect), undefined);
        return undefined;
    }
  }

  /** Most of a ladder's way to a phone: who is on the rung, and the page, each in one call with the record before it. */
  function performRecording(effect: LadderEffect, state: () => Ladder): RecordingCall<LadderEvent> | null {
    switch (effect.type) {
      case 'resolveRung': {
        const { workingHours } = state().policy;
        const at = Date.now();
        return { isQuick: true, run: (record) => store.recordThenResolveRung(record, effect, workingHours, at) };
      }
      case 'page':
        return { isQuick: false, run: (record) => orElse(paging.recordThenPage(record, input.id, effect), null) };
      default:
        return null;
    }
  }
}
