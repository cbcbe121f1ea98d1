import type { LaunchEffect, LaunchEvent } from '#domain/launch/events.ts';
import { evaluateGate } from '#domain/launch/gate.ts';
import { openLaunch } from '#domain/launch/launch.ts';
import type { Launch } from '#domain/launch/launch.ts';
import { launchMachine } from '#domain/launch/machine.ts';
import { dayMs } from '#domain/time.ts';
import { idOf } from '#test/support/launches.ts';
import { assertLaunchRun } from './launch-invariants.ts';
import { anyMessage, usefulMessage } from './launch-messages.ts';
import { anyMeasurements, anyResult } from './launch-results.ts';
import type { Random } from './random.ts';
import type { Scenario } from './simulate.ts';

/** A launch among owners in a hurry, signers, impostors, flaky measurements and severity-1 cases. */
export const launchScenario: Scenario<Launch, LaunchEvent, LaunchEffect> = {
  name: 'launch',
  machine: launchMachine,
  start(random, now) {
    const launch = openLaunch(
      { id: idOf('launch', 1), productId: idOf('product', 1), teamId: idOf('team', 1), openedBy: idOf('person', 1) },
      now,
    );
    if (random.chance(20)) return { state: launch, first: { type: 'opened' } };
    return { state: prepared(random, launch, now), first: { type: 'hold', noteId: null, by: someoneSure } };
  },
  message: (random, launch, now) =>
    random.chance(78) ? usefulMessage(random, launch, now) : anyMessage(random, launch, now),
  perform,
  check: assertLaunchRun,
  messages: 45,
  longestPauseMs: 4 * dayMs,
};

const someoneSure = { kind: 'person', id: idOf('person', 12), roles: ['engineer'] } as const;

/** A launch some way to its gate, so that a run of few messages gets to its stages. The machine itself leads it there. */
function prepared(random: Random, launch: Launch, now: number): Launch {
  let current = launch;
  const steps = random.int(40, 200);
  const apply = (event: LaunchEvent) => {
    const step = launchMachine.transition(current, event, now);
    if (step.outcome !== 'moved') return;
    current = step.state;
    for (const effect of step.effects) {
      const learned = perform(random, effect);
      if (learned !== undefined) apply(learned);
    }
  };
  apply({ type: 'opened' });
  for (let step = 0; step < steps && !evaluateGate(current, now).open; step += 1) {
    const event = usefulMessage(random, current, now);
    if (event !== undefined) apply(event);
  }
  return current;
}

function perform(random: Random, effect: LaunchEffect): LaunchEvent | undefined {
  if (effect.type === 'runProbe') {
    const { key, requirementId, tier } = effect;
    const result = anyResult(random, requirementId, tier, 90);
    return random.chance(97) ? { type: 'checkCompleted', effectKey: key, requirementId, result } : undefined;
  }
  if (effect.type === 'analyseStage') {
    return { type: 'stageAnalysed', effectKey: effect.key, measurements: anyMeasurements(random) };
  }
  return undefined;
}
