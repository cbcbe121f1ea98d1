import type { Keyed, Machine, Versioned } from '#domain/machine.ts';

/** A machine that a test tells things: keeps its state, the effects of the last event and all effects so far. */
export class Told<S extends Versioned, E extends { readonly type: string }, F extends Keyed> {
  state: S;
  effects: readonly F[] = [];
  readonly all: F[] = [];
  private readonly machine: Machine<S, E, F>;
  private readonly at: number;

  /** `at` is the time of every event that names no other. */
  constructor(machine: Machine<S, E, F>, state: S, at: number) {
    this.machine = machine;
    this.state = state;
    this.at = at;
  }

  /** Applies an event that must move the machine; throws when it does not. */
  hear(event: E, now = this.at): this {
    const step = this.machine.transition(this.state, event, now);
    if (step.outcome !== 'moved') throw new Error(`${event.type} did not move: ${JSON.stringify(step)}`);
    this.state = step.state;
    this.effects = step.effects;
    this.all.push(...step.effects);
    return this;
  }

  /** What the event would lead to, without applying it: `moved`, `ignored`, or the code of the refusal. */
  answer(event: E, now = this.at): string {
    const step = this.machine.transition(this.state, event, now);
    return step.outcome === 'refused' ? step.code : step.outcome;
  }

  get due(): number | null {
    return this.machine.nextDue(this.state);
  }

  get isFinal(): boolean {
    return this.machine.isFinal(this.state);
  }

  /** The types of the last event's effects. */
  get types(): string[] {
    return this.effects.map(({ type }) => type);
  }

  /** All effects of a type so far. */
  of<T extends F['type']>(type: T): Extract<F, { type: T }>[] {
    return this.all.filter((effect) => effect.type === type) as Extract<F, { type: T }>[];
  }
}
