import { openCase } from '#domain/review/case.ts';
import type { CaseEffect, CaseEvent, CaseInput, ReviewCase } from '#domain/review/case.ts';
import { caseMachine } from '#domain/review/machine.ts';
import type { AggregateInput } from './contract.ts';
import { runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import { store } from './options.ts';

/**
 * A case from its first signal to a person's decision and the end of what the decision ordered.
 *
 * One run per case. Review tasks, leases and decisions live in Postgres; the case hears of a decision by a fact. A case
 * that nobody looks at or decides in time wakes someone.
 */
export async function reviewCase(input: AggregateInput<CaseInput, Carried<ReviewCase>>): Promise<ReviewCase['status']> {
  const { id } = input;
  const ended = await runAggregate({ kind: 'case', machine: caseMachine, open: openCase, perform }, input);
  return ended.status;

  async function perform(effect: CaseEffect): Promise<CaseEvent | undefined> {
    switch (effect.type) {
      case 'createTask':
        return { type: 'taskCreated', effectKey: effect.key, taskId: await store.createTask(id, effect) };
      case 'withdrawTask':
        await store.withdrawTask(id, effect.round);
        return undefined;
      case 'raiseTask':
        await store.raiseTask(id, effect.round, effect.severity);
        return undefined;
      case 'openEnforcement':
        return { type: 'enforcementOpened', orderId: await store.openEnforcement(effect) };
      case 'openEscalation':
        await store.escalateCase(id, effect);
        return undefined;
      case 'resolveEscalation':
        await store.resolveCaseEscalation(id, effect);
        return undefined;
      case 'holdLaunch':
        await store.holdLaunch(id, effect.launchId);
        return undefined;
      case 'moveSignals':
        await store.moveSignals(id, effect);
        return undefined;
      case 'closeSignals':
        // Signals carry no state of their own: the case's decision is theirs, by the case that they belong to.
        return undefined;
    }
  }
}
