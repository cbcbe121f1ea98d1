import type { Keyed, Machine, Versioned } from '#domain/machine.ts';
import { toIso } from '#domain/time.ts';
import { simulate } from './simulate.ts';
import type { Scenario } from './simulate.ts';

/** A scenario whose types are hidden, so that scenarios of different machines stand in one registry. */
export interface Replayable {
  readonly name: string;
  /** Runs one seed and tells each step as it happens. Throws what the run throws, after the steps that led there. */
  replay(seed: number, tell: (line: string) => void): void;
}

/** Makes a scenario replayable step by step, also when its run fails half way. */
export function replayable<S extends Versioned, E extends { readonly type: string }, F extends Keyed>(
  scenario: Scenario<S, E, F>,
): Replayable {
  return {
    name: scenario.name,
    replay(seed, tell) {
      const run = simulate({ ...scenario, machine: told(scenario.machine, tell) }, seed);
      tell(`ended ${toIso(run.endedAt)} after ${run.records.length} transitions`);
      tell(JSON.stringify(run.final, null, 2));
    },
  };
}

function told<S extends Versioned, E extends { readonly type: string }, F extends Keyed>(
  machine: Machine<S, E, F>,
  tell: (line: string) => void,
): Machine<S, E, F> {
  return {
    nextDue: (state) => machine.nextDue(state),
    isFinal: (state) => machine.isFinal(state),
    transition(state, event, now) {
      const step = machine.transition(state, event, now);
      tell(`${toIso(now)} v${state.version} ${JSON.stringify(event)}`);
      if (step.outcome === 'moved' || step.outcome === 'noted') {
        const answer = step.outcome === 'moved' ? step.answer : undefined;
        tell(
          `  -> v${step.state.version} ${changes(state, step.state)}${answer ? ` answer ${JSON.stringify(answer)}` : ''}`,
        );
        for (const effect of step.effects) tell(`     effect ${JSON.stringify(effect)}`);
      } else {
        tell(
          `  -> ${step.outcome === 'refused' ? `refused ${step.code} ${JSON.stringify(step.detail ?? {})}` : 'ignored'}`,
        );
      }
      return step;
    },
  };
}

function changes(before: object, after: object): string {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([key, value]) => key !== 'version' && JSON.stringify(value) !== JSON.stringify(old.get(key)))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(' ');
}
