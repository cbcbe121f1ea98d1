import type { Actor } from '#domain/actor.ts';
import type { Transition } from '#domain/audit/transition.ts';
import type { PageResult } from '#domain/escalation/ladder-parts.ts';
import { openLadder } from '#domain/escalation/ladder.ts';
import type { Ladder, LadderInput } from '#domain/escalation/ladder.ts';
import { ladderMachine } from '#domain/escalation/machine.ts';
import type { LadderEffect, LadderEvent, PagePerson, ResolvedPerson } from '#domain/escalation/messages.ts';
import type { Step } from '#domain/machine.ts';
import type { Json } from '#domain/json.ts';
import type { Database } from '#db/client.ts';
import { noteNotTaken, settleDelivery, startDelivery } from '#db/repositories/deliveries.ts';
import type { StartedDelivery } from '#db/repositories/deliveries.ts';
import { recordTransitions } from '#db/repositories/record.ts';

export interface RaceChoices {
  /** Waits a little, or not at all, so that what runs side by side meets in ever other orders. */
  readonly jitter: () => Promise<void>;
  /** What a provider says at each try of a page until it takes it; `lost`: a crash hides what it said. */
  readonly triesOf: (page: PagePerson) => readonly ('refused' | 'lost')[];
  readonly people: (effect: LadderEffect) => readonly ResolvedPerson[];
  /** Waits, as the sender does for a page that the throttle holds back. Default: it must not happen. */
  readonly whenHeld?: (deliveryId: string) => Promise<void>;
}

/**
 * The ladder's machine between the real ledger functions, in the order of the durable shell but without it: versions are
 * recorded one after the other, effects start when their version is recorded, everything else runs side by side.
 */
export class RacedLadder {
  state: Ladder;
  now: number;
  /** Calls to providers, as they were made. */
  readonly calls: { readonly key: string; readonly personId: string }[] = [];
  private readonly db: Database;
  private readonly choices: RaceChoices;
  private unrecorded: Transition[] = [];
  private recordedVersion = 0;
  private waiting: (() => void)[] = [];
  private readonly work = new Set<Promise<void>>();
  private recording: Promise<void> | null = null;

  constructor(db: Database, input: LadderInput, now: number, choices: RaceChoices) {
    this.db = db;
    this.choices = choices;
    this.now = now;
    this.state = openLadder(input, now);
  }

  /** Applies one event; its record and its effects are under way when this returns. */
  hear(event: LadderEvent, actor: Actor = { kind: 'system', id: 'vigil' }): Step<Ladder, LadderEffect> {
    const step = ladderMachine.transition(this.state, event, this.now);
    if (step.outcome !== 'moved') return step;
    this.state = step.state;
    this.unrecorded.push({
      version: step.state.version,
      at: this.now,
      event: event as unknown as Transition['event'],
      state: step.state as unknown as Json,
      effects: step.effects.map(({ key, type }) => ({ key, type })),
      actor,
      cause: null,
      requestId: null,
    });
    for (const effect of step.effects) this.begin(this.perform(effect, step.state.version));
    this.recording ??= this.record();
    return step;
  }

  /** Resolves when that version is recorded: the moment at which its asker is answered. */
  async recorded(version: number): Promise<void> {
    while (this.recordedVersion < version) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Waits until nothing is under way. */
  async rest(): Promise<void> {
    while (this.work.size > 0 || this.recording !== null) {
      await this.recording;
      await Promise.all(this.work);
    }
  }

  private begin(work: Promise<void>): void {
    this.work.add(work);
    void work.finally(() => this.work.delete(work));
  }

  private async record(): Promise<void> {
    while (this.unrecorded.length > 0) {
      await this.choices.jitter();
      const transitions = this.unrecorded.splice(0);
      const { escalationId: id } = this.state;
      const run = { workflowId: `escalation:${id}`, runId: 'run' };
      await recordTransitions(this.db, { kind: 'escalation', id, ...run, transitions });
      this.recordedVersion = transitions.at(-1)?.version ?? this.recordedVersion;
      for (const wake of this.waiting.splice(0)) wake();
    }
    this.recording = null;
  }

  private async perform(effect: LadderEffect, version: number): Promise<void> {
    await this.recorded(version);
    await this.choices.jitter();
    if (effect.type === 'resolveRung') {
      const { key, pass, rung } = effect;
      const people = this.choices.people(effect);
      this.hear({ type: 'rungResolved', effectKey: key, pass, rung, people, hours: null, resampleAt: null });
    } else if (effect.type === 'page') {
      await this.page(effect);
    }
  }

  private async start(effect: PagePerson): Promise<StartedDelivery | null> {
    for (;;) {
      const started = await startDelivery(this.db, this.state.escalationId, effect);
      if (!started || started.heldForMs === null) return started;
      if (!this.choices.whenHeld) throw new Error(`${effect.key} was held back`);
      await this.choices.whenHeld(started.deliveryId);
    }
  }

  private async page(effect: PagePerson): Promise<void> {
    const settled = (result: PageResult, deliveryId: string | null) =>
      this.hear({ type: 'pageSettled', effectKey: effect.key, result, deliveryId });
    for (const answer of [...this.choices.triesOf(effect), 'taken']) {
      const started = await this.start(effect);
      if (!started) return void settled('superseded', null);
      const { deliveryId } = started;
      if (started.settled) return void settled(started.settled, deliveryId);
      this.calls.push({ key: effect.key, personId: effect.personId });
      await this.choices.jitter();
      if (answer === 'refused') await noteNotTaken(this.db, deliveryId);
      if (answer !== 'taken') continue;
      await settleDelivery(this.db, deliveryId, 'sent', null);
      settled('sent', deliveryId);
    }
  }
}
