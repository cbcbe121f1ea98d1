/** One call that waits to be written. */
export interface Waiting<T> {
  readonly request: T;
  /** What it must not be written beside: a batch that holds one of these goes first, so that each keeps its order. */
  readonly keys: readonly string[];
  /** How much it is, for the bounds of queue and batch. */
  readonly weight: number;
  readonly since: number;
}

/**
 * Calls in the order in which they came. Each key is in one batch at a time, and its calls keep their order; calls of
 * other keys may overtake.
 */
export class KeyedQueue<T extends Waiting<unknown>> {
  #waiting: T[] = [];
  #weight = 0;
  readonly #held = new Set<string>();

  get weight(): number {
    return this.#weight;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** When the longest-waiting call came, or null. */
  get oldest(): number | null {
    return this.#waiting[0]?.since ?? null;
  }

  add(call: T): void {
    this.#waiting.push(call);
    this.#weight += call.weight;
  }

  /** The next calls, of at most that weight unless the first alone is heavier; their keys are held until `release`. */
  take(atMost: number): T[] {
    const passed = new Set<string>();
    const taken: T[] = [];
    const left: T[] = [];
    let weight = 0;
    for (const [index, call] of this.#waiting.entries()) {
      if (weight >= atMost) {
        left.push(...this.#waiting.slice(index));
        break;
      }
      const isFree = call.keys.every((key) => !this.#held.has(key) && !passed.has(key));
      if (isFree && (taken.length === 0 || weight + call.weight <= atMost)) {
        taken.push(call);
        weight += call.weight;
      } else {
        left.push(call);
        for (const key of call.keys) passed.add(key);
      }
    }
    for (const call of taken) for (const key of call.keys) this.#held.add(key);
    this.#waiting = left;
    this.#weight -= weight;
    return taken;
  }

  release(calls: readonly T[]): void {
    for (const call of calls) for (const key of call.keys) this.#held.delete(key);
  }
}
