import * as wf from '@temporalio/workflow';
import type { RecordInput } from '#domain/audit/transition.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder, LadderInput } from '#domain/escalation/ladder.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type { LadderEffect, LadderEvent, PagePerson, ResolveRung } from '#domain/escalation/messages.ts';
import type { WorkingHours } from '#domain/escalation/policy.ts';
import { secondMs } from '#domain/time.ts';
import type { AggregateInput } from './contract.ts';
import { orElse, runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import type { RecordingCall } from './lib/recorder.ts';
import { lookingUp, paging, store } from './options.ts';

/**
 * Pages each rung of the frozen policy in turn until a person acknowledges, and stays until the escalation is resolved.
 *
 * One run per escalation. An acknowledgement answers after it was recorded; no page starts after that answer. The rules
 * are `domain/escalation`; here is only what it takes to carry them out.
 */
export async function escalationLadder(input: AggregateInput<LadderInput, Carried<Ladder>>): Promise<Ladder['status']> {
  const ladder = await runAggregate(
    { kind: 'escalation', machine: ladderMachine, open: openLadder, perform, lookUp, performRecording },
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
        return orElse(paging.sendPage(input.id, effect), notSent(effect));
      case 'tellResolved':
        await orElse(paging.sendResolved(input.id, effect), undefined);
        return undefined;
    }
  }

  /** Who is on the rung: it writes nothing but whose turn it is, once for each question. */
  function lookUp(effect: LadderEffect, state: () => Ladder): Promise<LadderEvent | null> | null {
    if (effect.type !== 'resolveRung') return null;
    return orElse<LadderEvent | null>(lookingUp.resolveRung(effect, state().policy.workingHours, Date.now()), null);
  }

  /** The page in one call with the record before it; also who is on the rung, where that could not be looked up at once. */
  function performRecording(effect: LadderEffect, state: () => Ladder): RecordingCall<LadderEvent> | null {
    switch (effect.type) {
      case 'resolveRung':
        return { isQuick: true, run: (record) => recordThenLookUp(record, effect, state().policy.workingHours) };
      case 'page':
        return { isQuick: false, run: (record) => page(record, effect) };
      default:
        return null;
    }
  }

  /** An answer that was long under way tells who was on call, and is asked for again. */
  async function recordThenLookUp(record: RecordInput, effect: ResolveRung, workingHours: WorkingHours | null) {
    const at = Date.now();
    const answer = await store.recordThenResolveRung(record, effect, workingHours, at);
    return Date.now() - at > freshForMs ? null : answer;
  }

  async function page(record: RecordInput, effect: PagePerson): Promise<LadderEvent | null> {
    try {
      return await paging.recordThenPage(record, input.id, effect);
    } catch (error) {
      if (!(error instanceof wf.ActivityFailure) || wf.isCancellation(error)) throw error;
      return wasAsked(error) ? notSent(effect) : null;
    }
  }
}

const freshForMs = 5 * secondMs;

const notSent = ({ key }: PagePerson): LadderEvent => ({
  type: 'pageSettled',
  effectKey: key,
  result: 'failed_transient',
  deliveryId: null,
});

/** Whether the page was given up because its channel did not take it: then the record before it is made. */
function wasAsked(error: Error): boolean {
  const { cause } = error;
  if (!(cause instanceof Error)) return false;
  return (cause instanceof wf.ApplicationFailure && cause.type?.startsWith('page.') === true) || wasAsked(cause);
}
