import * as wf from '@temporalio/workflow';
import type { Actor } from '#domain/actor.ts';
import { errorTable } from '#domain/errors.ts';
import type { Transition } from '#domain/audit/transition.ts';
import type { AggregateKind } from '#domain/ids.ts';
import type { Json } from '#domain/json.ts';
import type { Keyed, Machine, Refusal, Step, Versioned } from '#domain/machine.ts';
import { aggregates, fact, getState, settled, update } from '../contract.ts';
import type { AggregateInput, CommandAnswer, CommandEnvelope } from '../contract.ts';
import { Alarm } from './alarm.ts';
import { Recorder } from './recorder.ts';
import type { RecordingCall } from './recorder.ts';

interface Event {
  readonly type: string;
}

/** What a run hands to the next one. Plain JSON: a Map or Set would arrive empty. */
export interface Carried<S> {
  readonly state: S;
  readonly applied: readonly (readonly [commandId: string, answer: CommandAnswer])[];
}

export interface DurableOptions<S extends Versioned, E extends Event, F extends Keyed> {
  readonly kind: AggregateKind;
  readonly id: string;
  readonly machine: Machine<S, E, F>;
  readonly carried: Carried<S>;
  /** Carries out one effect and returns what the machine should learn of it. Its failures are its own to turn into events. */
  readonly perform: (effect: F) => Promise<E | undefined>;
  /**
   * The effects that only look something up, which is done before the record of the version that asks: in the workflow task
   * itself, and within a second, for which everybody waits. Null as its answer: it is asked again, in the ordinary way.
   */
  readonly lookUp?: (effect: F, state: () => S) => Promise<E | null> | null;
  /** The effects that an activity can carry out right after it has recorded the versions that asked for them. */
  readonly performRecording?: (effect: F) => RecordingCall<E> | null;
}

interface Because {
  readonly commandId?: string;
  readonly actor?: Actor;
  readonly requestId?: string | null;
}

/** Temporal forgets update ids at continue-as-new; this many are remembered across it. */
const rememberedCommands = 200;

/**
 * Drives one pure machine durably.
 *
 * Every new version is recorded (projection and audit, one transaction) before an effect of it starts, but for those that
 * only look something up, and before the asker is answered. Effects run beside the main loop, so a slow page never delays an acknowledgement.
 */
export class Durable<S extends Versioned, E extends Event, F extends Keyed> {
  state: S;
  private readonly options: DurableOptions<S, E, F>;
  private readonly applied: Map<string, CommandAnswer>;
  private readonly recorder: Recorder;
  /** Runs that began before look-ups came first, or before effects took records along, go on as they began. */
  private readonly isLookingUpFirst: boolean;
  private readonly isCarrying: boolean;
  private readonly alarm = new Alarm();
  private effectsInFlight = 0;
  /** The last effect about each matter: a resolve that overtook what it resolves would leave that open for ever. */
  private readonly turns = new Map<string, Promise<void>>();

  constructor(options: DurableOptions<S, E, F>) {
    this.options = options;
    this.state = options.carried.state;
    this.applied = new Map(options.carried.applied);
    this.recorder = new Recorder(options, this.state.version);
    this.isLookingUpFirst = options.lookUp !== undefined && wf.patched('look-up-first');
    this.isCarrying =
      this.isLookingUpFirst || (options.performRecording !== undefined && wf.patched('record-with-effect'));
    this.listen();
  }

  /** Runs until the machine is final and all is recorded, or until the history is long enough to continue as new. */
  async run(first?: E, because: Because = {}): Promise<'final' | 'renew'> {
    if (first) this.dispatch(first, because);
    for (;;) {
      if (this.recorder.mustRecord()) await this.recorder.recordNext();
      else if (this.isSettled()) return this.afterHandlers('final');
      else if (this.shouldRenew()) return this.afterHandlers('renew');
      else await this.waitForChangeOrDue();
    }
  }

  /** What the next run needs to go on where this one stopped. */
  carry(): Carried<S> {
    return { state: this.state, applied: [...this.applied].slice(-rememberedCommands) };
  }

  private listen(): void {
    const { updates, signals } = aggregates[this.options.kind];
    for (const name of updates) {
      wf.setHandler(update(name), (envelope: CommandEnvelope) => this.apply(envelope), {
        validator: (envelope: CommandEnvelope) => this.check(envelope),
      });
    }
    for (const name of signals)
      wf.setHandler(fact(name), (envelope: CommandEnvelope) => {
        this.accept(envelope);
      });
    wf.setHandler(getState, () => this.state as unknown as Json);
    wf.setHandler(settled, async (enough = 'recorded') => {
      if (this.isLookingUpFirst && enough === 'underway') await this.recorder.underWay();
      else if (this.isCarrying) await this.recorder.until(Math.max(1, this.state.version));
      else await wf.condition(() => this.recorder.recordedVersion === this.state.version && this.state.version > 0);
      return { version: this.recorder.recordedVersion };
    });
  }

  /** Validator: throws the refusal and changes nothing, so that a refused request leaves no trace in the history. */
  private check(envelope: CommandEnvelope): void {
    if (this.applied.has(envelope.commandId)) return;
    const step = this.step(toEvent<E>(envelope));
    if (step.outcome === 'refused') throw toFailure(step);
  }

  private async apply(envelope: CommandEnvelope): Promise<CommandAnswer> {
    const known = this.applied.get(envelope.commandId);
    const answer = known ?? this.accept(envelope);
    await this.recorder.until(answer.version);
    return answer;
  }

  private accept(envelope: CommandEnvelope): CommandAnswer {
    const known = this.applied.get(envelope.commandId);
    if (known) return known;
    const step = this.dispatch(toEvent<E>(envelope), envelope);
    if (step.outcome === 'refused' && this.isUpdate(envelope.name)) throw toFailure(step);
    const answer = { ...(step.outcome === 'moved' ? step.answer : {}), version: this.state.version };
    this.applied.set(envelope.commandId, answer);
    return answer;
  }

  private isUpdate(name: string): boolean {
    return (aggregates[this.options.kind].updates as readonly string[]).includes(name);
  }

  private step(event: E): Step<S, F> {
    return this.options.machine.transition(this.state, event, Date.now());
  }

  private dispatch(event: E, because: Because = {}): Step<S, F> {
    const step = this.step(event);
    if (step.outcome === 'noted') {
      this.state = step.state;
      for (const effect of step.effects) this.begin(effect, step.state.version);
    }
    if (step.outcome !== 'moved') return step;
    this.state = step.state;
    this.recorder.add({
      version: step.state.version,
      at: Date.now(),
      event: event as unknown as Transition['event'],
      state: step.state as unknown as Json,
      effects: step.effects.map(({ key, type }) => ({ key, type })),
      actor: because.actor ?? { kind: 'system', id: 'vigil' },
      cause: because.commandId ?? null,
      requestId: because.requestId ?? null,
    });
    for (const effect of step.effects) this.begin(effect, step.state.version);
    return step;
  }

  private begin(effect: F, version: number): void {
    this.effectsInFlight++;
    const { dedupKey } = effect;
    const before = dedupKey === undefined ? undefined : this.turns.get(dedupKey);
    const done = before ? before.then(() => this.perform(effect, version)) : this.perform(effect, version);
    if (dedupKey !== undefined) this.turns.set(dedupKey, done);
  }

  private async perform(effect: F, version: number): Promise<void> {
    try {
      // It is called at once, in a run that goes on perhaps while this is constructed: a message waited for its handler.
      const lookUp = this.isLookingUpFirst ? this.options.lookUp?.(effect, () => this.state) : null;
      if (lookUp && (await this.learnFirst(effect, lookUp))) return;
      const call = this.isCarrying ? this.options.performRecording?.(effect) : null;
      let learned: E | null | undefined = call ? await this.recorder.carry(version, call) : null;
      if (learned === null) {
        await this.recorder.before(version);
        learned = await this.options.perform(effect);
      }
      if (learned) this.dispatch(learned, { commandId: effect.key });
    } finally {
      this.effectsInFlight--;
    }
  }

  /** What comes of a look-up, and the effects of that, are to go with the record of the version that asked. */
  private async learnFirst(effect: F, lookUp: Promise<E | null>): Promise<boolean> {
    const release = this.recorder.hold();
    try {
      const learned = await lookUp;
      if (learned !== null) this.dispatch(learned, { commandId: effect.key });
      return learned !== null;
    } finally {
      release();
    }
  }

  private isSettled(): boolean {
    return this.recorder.isDone() && this.effectsInFlight === 0 && this.options.machine.isFinal(this.state);
  }

  private shouldRenew(): boolean {
    return wf.workflowInfo().continueAsNewSuggested && this.effectsInFlight === 0 && this.recorder.isDone();
  }

  /** Handlers that came in meanwhile may have moved the machine: then the run is not over after all. */
  private async afterHandlers(end: 'final' | 'renew'): Promise<'final' | 'renew'> {
    // Whoever asks in the meantime waits for the record, which this loop must then go back to.
    await wf.condition(() => wf.allHandlersFinished() || this.recorder.mustRecord());
    return this.recorder.isDone() && this.effectsInFlight === 0 ? end : this.run();
  }

  private async waitForChangeOrDue(): Promise<void> {
    // A timer of its own costs as much as the look-up, after which what came due meanwhile has its turn.
    if (this.recorder.isHeld()) return wf.condition(() => !this.recorder.isHeld());
    const due = this.options.machine.nextDue(this.state);
    const changed = () =>
      this.recorder.mustRecord() ||
      this.isSettled() ||
      this.shouldRenew() ||
      this.options.machine.nextDue(this.state) !== due;
    if (due === null) {
      this.alarm.clear();
      return wf.condition(changed);
    }
    const wait = due - Date.now();
    if (wait > 0) {
      const isChanged = this.isCarrying
        ? await this.isChangedBefore(due, wait, changed)
        : await wf.condition(changed, wait);
      if (isChanged) return;
    }
    const step = this.dispatch({ type: 'due' } as unknown as E);
    // A machine that ignores its own due time would spin here; a second's pause keeps the workflow task alive and visible.
    if (step.outcome !== 'moved' && step.outcome !== 'noted') await wf.condition(changed, 1_000);
  }

  private async isChangedBefore(due: number, wait: number, changed: () => boolean): Promise<boolean> {
    this.alarm.set(due, wait);
    await wf.condition(() => this.alarm.hasRung || changed());
    return changed();
  }
}

function toEvent<E>(envelope: CommandEnvelope): E {
  return { ...envelope.input, type: envelope.name, by: envelope.actor } as E;
}

function toFailure(refusal: Refusal): wf.ApplicationFailure {
  return wf.ApplicationFailure.create({
    type: refusal.code,
    message: errorTable[refusal.code].title,
    details: [refusal.detail ?? {}],
    nonRetryable: true,
    category: 'BENIGN',
  });
}

/** What a workflow adds to the shell: its rules, how it begins, and how its effects are carried out. */
export interface Aggregate<S extends Versioned, E extends Event, F extends Keyed, Opening> {
  readonly kind: AggregateKind;
  readonly machine: Machine<S, E, F>;
  readonly open: (opening: Opening, now: number) => S;
  readonly perform: (effect: F, state: () => S) => Promise<E | undefined>;
  readonly lookUp?: (effect: F, state: () => S) => Promise<E | null> | null;
  readonly performRecording?: (effect: F, state: () => S) => RecordingCall<E> | null;
}

/** Runs one aggregate from its opening to its end, over as many runs as its history needs; returns the final state. */
export async function runAggregate<S extends Versioned, E extends Event, F extends Keyed, Opening>(
  aggregate: Aggregate<S, E, F, Opening>,
  input: AggregateInput<Opening, Carried<S>>,
): Promise<S> {
  const { kind, machine, open, perform, lookUp, performRecording } = aggregate;
  const carried = input.carried ?? { state: open(input.opening, Date.now()), applied: [] };
  const durable: Durable<S, E, F> = new Durable({
    kind,
    id: input.id,
    machine,
    carried,
    perform: (effect) => perform(effect, () => durable.state),
    ...(lookUp && { lookUp }),
    ...(performRecording && { performRecording: (effect: F) => performRecording(effect, () => durable.state) }),
  });
  const end = await durable.run(input.carried ? undefined : ({ type: 'opened' } as unknown as E), input.cause);
  if (end === 'renew')
    await wf.continueAsNew<(next: AggregateInput<Opening, Carried<S>>) => Promise<S>>({
      ...input,
      carried: durable.carry(),
    });
  return durable.state;
}

/** The value of an activity, local or not, or `otherwise` when it failed for good after its own retries. Cancellation is rethrown. */
export async function orElse<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // Not only ActivityFailure: that of a local activity may come bare, and does so when it is replayed.
    if (error instanceof wf.TemporalFailure && !wf.isCancellation(error)) return otherwise;
    throw error;
  }
}
