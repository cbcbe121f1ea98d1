import { launchMachine } from '#domain/launch/machine.ts';
import { openLaunch } from '#domain/launch/launch.ts';
import type { Launch, LaunchInput } from '#domain/launch/launch.ts';
import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import type { AggregateInput } from './contract.ts';
import { orElse, runAggregate } from './lib/durable.ts';
import type { Carried } from './lib/durable.ts';
import { measuring, rehearsing, store } from './options.ts';

/**
 * A launch from its intake over its gate and the stages of its rollout to sustained or aborted.
 *
 * One run per launch, for months. It measures, reminds, holds and lets things expire by itself; it opens a stage, ends a
 * hold and ends the launch only because a person said so. What could not be measured is an error in the state and blocks,
 * whatever the reason.
 */
export async function launchReadiness(input: AggregateInput<LaunchInput, Carried<Launch>>): Promise<Launch['phase']> {
  const { id } = input;
  const ended = await runAggregate({ kind: 'launch', machine: launchMachine, open: openLaunch, perform }, input);
  return ended.phase;

  async function perform(effect: LaunchEffect): Promise<LaunchEvent | undefined> {
    switch (effect.type) {
      case 'runProbe': {
        const run = effect.probe === 'enforcement_dry_run' ? rehearsing.rehearseEnforcement : measuring.runProbe;
        return orElse(run(id, effect), broken(effect));
      }
      case 'analyseStage':
        return orElse(measuring.analyseStage(id, effect), {
          type: 'stageAnalysed',
          effectKey: effect.key,
          measurements: {},
        });
      case 'remindOwner':
      case 'pageOwner':
        await store.tellOwner(id, effect);
        return undefined;
      case 'stageOpened':
      case 'rolloutStopped':
        await store.noteRollout(id, effect);
        return undefined;
      default:
        return effect satisfies never;
    }
  }
}

/** The answer for a measurement that failed for good: nothing is known, which never counts as a pass. */
const broken = ({ key, requirementId }: Extract<LaunchEffect, { type: 'runProbe' }>): LaunchEvent => ({
  type: 'checkCompleted',
  effectKey: key,
  requirementId,
  result: { status: 'error', observed: null, threshold: null, population: 0, windowMs: 0, evidenceHash: null },
});
