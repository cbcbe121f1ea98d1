import { canaryMachine } from '#domain/detection/canary-machine.ts';
import { openCanary } from '#domain/detection/canary.ts';
import type { CanaryEffect, CanaryEvent, CanaryInput, CanaryRun } from '#domain/detection/canary.ts';
import type { AggregateInput } from './contract.ts';
import { runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import { store } from './options.ts';

/**
 * One synthetic abuse event on its way through detector, case and drill page to a person's acknowledgement.
 *
 * One run per canary. It hears of each stage by a fact; the measured minutes become a check run of the launch. A canary
 * that nobody acknowledges in time wakes someone for real.
 */
export async function canary(input: AggregateInput<CanaryInput, Carried<CanaryRun>>): Promise<boolean | null> {
  const { id } = input;
  const ended = await runAggregate({ kind: 'canary', machine: canaryMachine, open: openCanary, perform }, input);
  return ended.passed;

  async function perform(effect: CanaryEffect): Promise<CanaryEvent | undefined> {
    switch (effect.type) {
      case 'injectEvent':
        return { type: 'injected', ...(await store.injectCanary(id)) };
      case 'reportEvidence':
        await store.reportCanaryEvidence(id, effect);
        return { type: 'evidenceReported' };
      case 'closeDrill':
        await store.closeDrill(effect);
        return { type: 'drillClosed' };
      case 'openEscalation':
        await store.escalateMissedCanary(id, effect);
        return undefined;
    }
  }
}
