import assert from 'node:assert/strict';
import type { Keyed, Machine, Step, Versioned } from '#domain/machine.ts';
import { assertPlainJson } from './plain-json.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

/** How one machine is exercised: what the world sends it, and how the world answers its effects. */
export interface Scenario<S extends Versioned, E extends { readonly type: string }, F extends Keyed> {
  readonly name: string;
  readonly machine: Machine<S, E, F>;
  /** The state at version 0 and the event that opens it. */
  start(random: Random, now: number): { state: S; first: E };
  /** A message from outside that may arrive now: valid, late, stale, duplicated or forbidden. */
  message(random: Random, state: S, now: number): E | undefined;
  /** One call of an effect. Called again with the same effect when a crash swallowed the first answer. */
  perform(random: Random, effect: F, now: number): E | undefined;
  /** Asserts what must hold of the whole run; throws when it does not. */
  check(run: Run<S, E, F>): void;
  /** Messages sent per run, at most. Default 30. */
  readonly messages?: number;
  /** The longest pause between two messages, milliseconds. Default 15 minutes. */
  readonly longestPauseMs?: number;
}

export interface Recorded<S, E, F> {
  readonly at: number;
  readonly event: E;
  readonly before: S;
  readonly state: S;
  readonly effects: readonly F[];
}

/** One effect carried out: `attempts` counts the calls, which a crash after success repeats. */
export interface Performed<F> {
  readonly effect: F;
  readonly startedAt: number;
  readonly versionAtStart: number;
  attempts: number;
}

export interface Run<S, E, F> {
  readonly seed: number;
  readonly records: readonly Recorded<S, E, F>[];
  readonly refusals: readonly { readonly at: number; readonly event: E; readonly step: Step<S, F> }[];
  readonly performed: readonly Performed<F>[];
  readonly final: S;
  readonly endedAt: number;
}

type Arrival<E, F> =
  | { at: number; order: number; kind: 'message'; event: E }
  | { at: number; order: number; kind: 'send' }
  | { at: number; order: number; kind: 'settled'; performed: Performed<F> };

/**
 * Drives one machine through one seeded run: random messages, delays, duplicates, reordering and crashes.
 *
 * A crash loses the answers of the effects in flight, which are then performed again under the same key, as a durable
 * workflow would. On every step it asserts what holds for each machine: the version rises by exactly one, the state
 * survives JSON, inputs are never mutated, a final state is never left, no two effects share a key, and a `due` event
 * comes neither early nor endlessly.
 */
export function simulate<S extends Versioned, E extends { readonly type: string }, F extends Keyed>(
  scenario: Scenario<S, E, F>,
  seed: number,
): Run<S, E, F> {
  const random = seededRandom(seed);
  let now = Date.UTC(2026, 0, 1) + random.int(0, 31_536_000) * 1_000;
  let order = 0;
  const started = scenario.start(random, now);
  let state = started.state;
  const arrivals: Arrival<E, F>[] = [];
  const records: Recorded<S, E, F>[] = [];
  const refusals: { at: number; event: E; step: Step<S, F> }[] = [];
  const performed: Performed<F>[] = [];
  const keys = new Set<string>();
  let messagesLeft = scenario.messages ?? 30;

  const arrive = (
    at: number,
    arrival: { kind: 'message'; event: E } | { kind: 'send' } | { kind: 'settled'; performed: Performed<F> },
  ) => {
    arrivals.push({ at, order: order++, ...arrival });
  };
  const perform = (effect: F) => {
    const entry: Performed<F> = { effect, startedAt: now, versionAtStart: state.version, attempts: 1 };
    performed.push(entry);
    arrive(now + random.int(1, random.chance(10) ? 60_000 : 900), { kind: 'settled', performed: entry });
  };
  const apply = (event: E) => {
    const before = deepFreeze(state);
    const step = scenario.machine.transition(before, event, now);
    if (step.outcome === 'refused') {
      refusals.push({ at: now, event, step });
      return;
    }
    if (step.outcome === 'ignored') return;
    assert.ok(!scenario.machine.isFinal(before), `${event.type} left a final state`);
    const raised = step.outcome === 'moved' ? 1 : 0;
    assert.equal(step.state.version, before.version + raised, `${event.type} did not raise the version by ${raised}`);
    assertPlainJson(step.state, `state after ${event.type}`);
    for (const effect of step.effects) {
      assert.ok(!keys.has(effect.key), `effect key ${effect.key} was used before`);
      keys.add(effect.key);
    }
    state = step.state;
    if (step.outcome === 'moved') records.push({ at: now, event, before, state, effects: step.effects });
    for (const effect of step.effects) perform(effect);
  };

  apply(started.first);
  arrive(now + random.int(0, 5_000), { kind: 'send' });
  let dueAtSameInstant = 0;
  for (let turns = 0; ; turns++) {
    assert.ok(turns < 20_000, 'the run does not end');
    arrivals.sort((a, b) => a.at - b.at || a.order - b.order);
    const due = scenario.machine.nextDue(state);
    const next = arrivals[0];
    if (!next && due === null) break;
    if (due !== null && (!next || due <= next.at)) {
      if (!next && due - now > 400 * 86_400_000) break;
      dueAtSameInstant = due <= now ? dueAtSameInstant + 1 : 0;
      if (dueAtSameInstant >= 100) assert.fail(`nextDue stands still in ${JSON.stringify(state)}`);
      now = Math.max(now, due);
      apply({ type: 'due' } as unknown as E);
      continue;
    }
    if (!next) break;
    arrivals.shift();
    now = Math.max(now, next.at);
    if (next.kind === 'message') apply(next.event);
    else if (next.kind === 'send') {
      const event = scenario.message(random, state, now);
      if (event) {
        apply(event);
        if (random.chance(15)) arrive(now + random.int(0, 3_000), { kind: 'message', event });
      }
      // The message may have brought the next due time forward, even to now.
      if (random.chance(5) && (scenario.machine.nextDue(state) ?? 0) > now)
        assertDueIsIgnored(scenario.machine, state, now);
      if (--messagesLeft > 0) {
        arrive(now + random.int(0, random.chance(60) ? 20_000 : (scenario.longestPauseMs ?? 900_000)), {
          kind: 'send',
        });
      }
    } else if (random.chance(8)) {
      next.performed.attempts++;
      arrive(now + random.int(1, 15_000), { kind: 'settled', performed: next.performed });
      scenario.perform(random, next.performed.effect, now);
    } else {
      const learned = scenario.perform(random, next.performed.effect, now);
      if (learned) {
        apply(learned);
        if (random.chance(5)) arrive(now + random.int(1, 5_000), { kind: 'message', event: learned });
      }
    }
  }
  const run: Run<S, E, F> = { seed, records, refusals, performed, final: state, endedAt: now };
  scenario.check(run);
  return run;
}

/** Runs seeds `from` … `from + runs - 1`; a failing one is named with the command that replays it alone. */
export function simulateMany<S extends Versioned, E extends { readonly type: string }, F extends Keyed>(
  scenario: Scenario<S, E, F>,
  runs: number,
  from = 1,
): Run<S, E, F>[] {
  const done: Run<S, E, F>[] = [];
  for (let seed = from; seed < from + runs; seed++) {
    try {
      done.push(simulate(scenario, seed));
    } catch (cause) {
      throw new Error(
        `${scenario.name} fails with seed ${seed}: ${(cause as Error).message}\nreplay it: npm run simulate -- ${scenario.name} --seed ${seed}`,
        { cause },
      );
    }
  }
  return done;
}

function assertDueIsIgnored<S extends Versioned, E extends { readonly type: string }, F extends Keyed>(
  machine: Machine<S, E, F>,
  state: S,
  now: number,
): void {
  const step = machine.transition(state, { type: 'due' } as unknown as E, now);
  assert.equal(step.outcome, 'ignored', 'a due event before its time was not ignored');
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
