import { openLadder } from './ladder.ts';
import type { Ladder } from './ladder.ts';
import { ladderMachine } from './machine.ts';
import type { LadderEffect, LadderEvent } from './messages.ts';
import { SimulationLog } from './simulation-log.ts';
import { movesOf } from './simulation-moves.ts';
import type { Seen } from './simulation-moves.ts';
import { simulatedOpening, snapshotAnswers } from './simulation.ts';
import type { OnCallSnapshot, Simulation, SimulationPlan, SnapshotAnswers } from './simulation.ts';

/**
 * Who would be paged when, by which way and why: runs the ladder's own machine on a clock of its own, with answers from a
 * snapshot of schedules and personal rules. Nothing is sent and nothing is written; every page counts as sent.
 *
 * Promises the pages, times and reasons that the durable workflow comes to, if recording and sending take no time. Fails
 * with `oncall.zone_unknown` for a snapshot that was never validated.
 */
export function simulateLadder(snapshot: OnCallSnapshot, plan: SimulationPlan): Simulation {
  const run = new SimulatedRun(snapshot, plan);
  const moves = movesOf(plan);
  for (let move = moves.next(); !move.done; move = moves.next(run.seen())) {
    if (move.value.kind === 'advance') run.advance(move.value.at);
    else run.acknowledge(move.value.personId);
  }
  return run.log.summary(run.now);
}

/** Far more than any plan comes to: a ladder that does not come to rest is a defect to be seen. */
const mostSteps = 200_000;

type Task =
  | { readonly kind: 'record'; readonly versions: readonly Version[] }
  | { readonly kind: 'perform'; readonly effect: LadderEffect };

interface Version {
  readonly at: number;
  readonly state: Ladder;
  readonly effects: readonly LadderEffect[];
}

/**
 * One escalation from its opening on. Keeps the order of the durable shell: who is on a rung is answered at once; a version
 * is recorded before its other effects begin; what falls due waits for the record and not for effects; of what was recorded
 * together pages go first, and effects are else answered in the order of their making.
 */
class SimulatedRun {
  readonly log: SimulationLog;
  private readonly answers: SnapshotAnswers;
  private state: Ladder;
  now: number;
  private isRecording = false;
  private unrecorded: Version[] = [];
  private readonly tasks: Task[] = [];
  private steps = 0;

  constructor(snapshot: OnCallSnapshot, plan: SimulationPlan) {
    this.log = new SimulationLog(snapshot, plan);
    this.answers = snapshotAnswers(snapshot);
    this.now = plan.at;
    this.state = openLadder(simulatedOpening(snapshot, plan, 'simulation'), plan.at);
    this.dispatch({ type: 'opened' });
    this.settle();
  }

  seen(): Seen {
    return { ladder: this.state, pages: this.log.pages };
  }

  advance(toAt: number): void {
    for (;;) {
      const dueAt = ladderMachine.nextDue(this.state);
      if (dueAt === null || dueAt > toAt) break;
      this.now = Math.max(this.now, dueAt);
      this.settle();
    }
    this.now = Math.max(this.now, toAt);
  }

  acknowledge(personId: string): void {
    const by = { kind: 'person', id: personId, roles: ['responder'] } as const;
    const step = this.dispatch({ type: 'acknowledge', by });
    if (step.outcome === 'refused') this.log.refuse(this.now, personId, step.code);
    this.settle();
  }

  /** Does all that is to be done at this moment. */
  private settle(): void {
    this.takeStep();
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) {
      if (task.kind === 'record') this.record(task.versions);
      else this.perform(task.effect);
    }
  }

  /** What the shell's loop does when it is woken: what is new is recorded; else what is due happens. */
  private takeStep(): void {
    if (++this.steps > mostSteps) throw new Error('the simulated ladder does not come to rest');
    if (this.isRecording) return;
    const dueAt = ladderMachine.nextDue(this.state);
    if (this.unrecorded.length === 0 && dueAt !== null && dueAt <= this.now) this.dispatch({ type: 'due' });
    if (this.unrecorded.length === 0) return;
    this.tasks.push({ kind: 'record', versions: this.unrecorded });
    this.unrecorded = [];
    this.isRecording = true;
  }

  private record(versions: readonly Version[]): void {
    for (const { at, state } of versions) this.log.record(at, state);
    this.isRecording = false;
    this.takeStep();
    // Pages go on as soon as the record is made; whatever else waited for it is woken after them.
    const effects = versions.flatMap((version) => version.effects);
    const isPage = ({ type }: LadderEffect) => type === 'page';
    for (const effect of [...effects.filter(isPage), ...effects.filter((one) => !isPage(one))])
      this.tasks.push({ kind: 'perform', effect });
  }

  private perform(effect: LadderEffect): void {
    const learned = this.answerTo(effect);
    if (learned !== undefined && this.dispatch(learned).outcome === 'moved') this.takeStep();
  }

  private answerTo(effect: LadderEffect): LadderEvent | undefined {
    switch (effect.type) {
      case 'resolveRung':
        return this.answers.resolveRung(effect, this.state.policy.workingHours, this.now);
      case 'resolvePeople':
        return this.answers.resolvePeople(effect, this.now);
      case 'page':
        return { type: 'pageSettled', effectKey: effect.key, result: this.log.send(effect.key), deliveryId: null };
      case 'tellResolved':
        return undefined;
    }
  }

  private dispatch(event: LadderEvent) {
    const step = ladderMachine.transition(this.state, event, this.now);
    if (step.outcome !== 'moved') return step;
    this.state = step.state;
    const isLookUp = ({ type }: LadderEffect) => type === 'resolveRung';
    this.unrecorded.push({
      at: this.now,
      state: step.state,
      effects: step.effects.filter((effect) => !isLookUp(effect)),
    });
    // Before the record, as the shell does, so that what comes of it goes into the same one.
    for (const effect of step.effects.filter(isLookUp)) {
      const learned = this.answerTo(effect);
      if (learned !== undefined) this.dispatch(learned);
    }
    return step;
  }
}
