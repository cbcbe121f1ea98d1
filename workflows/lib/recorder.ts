import * as wf from '@temporalio/workflow';
import type { RecordInput, Transition } from '#domain/audit/transition.ts';
import { store } from '../options.ts';

/** One call instead of two: an activity that records, and then carries out the effect. */
export interface RecordingCall<E> {
  /** It is over soon after the record, so whoever waits for that may wait for this. */
  readonly isQuick: boolean;
  /** What the machine should learn. Null: nothing came of it, and perhaps no record either; then both are done apart. */
  readonly run: (record: RecordInput) => Promise<E | null>;
}

interface Waiting {
  readonly version: number;
  readonly isQuick: boolean;
  readonly begin: (record: RecordInput | null) => void;
}

/**
 * Versions that go into one call. What came in while workers or Postgres were away is recorded in several: a call may
 * hold 2 MB, and a launch's state has tens of kilobytes.
 */
const recordedAtOnce = 20;

/** Effects, and versions, that go together at most; beyond that the record is sent once, and the effects follow. */
const carriedAtOnce = 3;

/**
 * Gets the versions of one aggregate recorded, in their order, before anything is made of them.
 *
 * Recording is an ordinary activity on purpose: a local one could commit a version that a retried workflow task then
 * computes otherwise. Where the effect that a version asks for can, its activity takes the record along, which spares a
 * workflow task and an activity. Such a version counts as recorded once that activity has answered. What must not wait so
 * long (the next version; somebody who asked, where the effect is not quick) has it recorded once more, which changes nothing.
 */
export class Recorder {
  recordedVersion: number;
  private readonly aggregate: Pick<RecordInput, 'kind' | 'id'>;
  private unrecorded: Transition[] = [];
  /** On their way with effects. */
  private carried: Transition[] = [];
  private isQuicklyCarried = false;
  private waiting: Waiting[] = [];
  private waitingForRecord: number[] = [];
  /** The newest version for whose record somebody waits. */
  private awaited = 0;
  /** Look-ups that are out: what they lead to goes into the same record. */
  private lookUps = 0;
  private isFirstUnderWay = false;

  constructor({ kind, id }: Pick<RecordInput, 'kind' | 'id'>, recordedVersion: number) {
    this.aggregate = { kind, id };
    this.recordedVersion = recordedVersion;
  }

  add(transition: Transition): void {
    this.unrecorded.push(transition);
  }

  /** Nothing is recorded until what this returns is called, once. */
  hold(): () => void {
    this.lookUps++;
    return () => void this.lookUps--;
  }

  isHeld(): boolean {
    return this.lookUps > 0;
  }

  /** Whether `recordNext` has something to do at once. */
  mustRecord(): boolean {
    if (this.isHeld()) return false;
    if (this.unrecorded.length > 0 || this.carried.length === 0) return this.unrecorded.length > 0;
    return this.waitingForRecord.length > 0 || (this.awaited > this.recordedVersion && !this.isQuicklyCarried);
  }

  /** Whether all is recorded. */
  isDone(): boolean {
    return this.unrecorded.length === 0 && this.carried.length === 0;
  }

  /** Resolves when that version is recorded: for somebody who waits for the answer. */
  until(version: number): Promise<void> {
    this.awaited = Math.max(this.awaited, version);
    return wf.condition(() => this.recordedVersion >= version);
  }

  /** Resolves when the first version is recorded, or with an activity that will. */
  underWay(): Promise<void> {
    return wf.condition(() => this.isFirstUnderWay || this.recordedVersion > 0);
  }

  /** Records what is to be recorded, or hands it to the effects that take it along. */
  async recordNext(): Promise<void> {
    this.isFirstUnderWay = true;
    const all = [...this.carried, ...this.unrecorded];
    const transitions = all.slice(0, recordedAtOnce);
    const { workflowId, runId } = wf.workflowInfo();
    const record = { ...this.aggregate, workflowId, runId, transitions };
    const carriers = this.carriersOf(transitions);
    this.unrecorded = all.slice(recordedAtOnce);
    if (carriers.length === 0) {
      await store.recordTransitions(record);
      this.noteRecorded(transitions);
      return;
    }
    this.carried = transitions;
    this.isQuicklyCarried = carriers.every(({ isQuick }) => isQuick);
    this.waiting = this.waiting.filter((one) => !carriers.includes(one));
    for (const { begin } of carriers) begin(record);
  }

  /** Carries out an effect of that version in a call that records first; null: it is still to be carried out. */
  async carry<E>(version: number, { isQuick, run }: RecordingCall<E>): Promise<E | null> {
    if (this.recordedVersion >= version) return null;
    const record = await new Promise<RecordInput | null>((begin) => {
      this.waiting.push({ version, isQuick, begin });
    });
    if (record === null) return null;
    const learned = await run(record);
    if (learned === null) this.takeBack();
    else this.noteRecorded(record.transitions);
    return learned;
  }

  /** Resolves when that version is recorded: for an effect that cannot take the record along. */
  before(version: number): Promise<void> {
    if (version > this.recordedVersion) this.waitingForRecord.push(version);
    return wf.condition(() => this.recordedVersion >= version);
  }

  /** The effects that take these versions along; none when they would hold up somebody else. */
  private carriersOf(transitions: readonly Transition[]): readonly Waiting[] {
    const last = lastVersion(transitions);
    const ready = this.waiting.filter(({ version }) => version <= last);
    const holdsUp = this.awaited > this.recordedVersion && ready.some(({ isQuick }) => !isQuick);
    const isFew = ready.length <= carriedAtOnce && transitions.length <= carriedAtOnce;
    return this.carried.length === 0 && this.waitingForRecord.length === 0 && isFew && !holdsUp ? ready : [];
  }

  private noteRecorded(transitions: readonly Transition[]): void {
    this.recordedVersion = Math.max(this.recordedVersion, lastVersion(transitions));
    const isRecorded = ({ version }: { readonly version: number }) => version <= this.recordedVersion;
    this.carried = this.carried.filter((transition) => !isRecorded(transition));
    this.unrecorded = this.unrecorded.filter((transition) => !isRecorded(transition));
    this.waitingForRecord = this.waitingForRecord.filter((version) => !isRecorded({ version }));
    const ready = this.waiting.filter(isRecorded);
    this.waiting = this.waiting.filter((one) => !isRecorded(one));
    for (const { begin } of ready) begin(null);
  }

  /** What an effect took along and did not bring home is recorded like anything else, also if another may still do so. */
  private takeBack(): void {
    this.unrecorded = [...this.carried, ...this.unrecorded];
    this.carried = [];
  }
}

const lastVersion = (transitions: readonly Transition[]): number => transitions.at(-1)?.version ?? 0;
