/** One broken promise, with where to look. */
export interface Violation {
  readonly promise: string;
  /** Kind and id: `escalation esc_…`, `platform log`. */
  readonly aggregate: string;
  readonly what: string;
  /** RFC 3339, by the clock of whoever wrote the fact; null when it has no moment. */
  readonly at: string | null;
}

/**
 * What one check looked at and what it found. The counts make a vacuous pass visible: nothing examined is nothing proven.
 */
export class Findings {
  readonly promise: string;
  readonly violations: Violation[] = [];
  private readonly counts = new Map<string, number>();

  /** `needs` are the things that a run with everything in it must have shown: they are counted from 0. */
  constructor(promise: string, needs: readonly string[]) {
    this.promise = promise;
    for (const need of needs) this.counts.set(need, 0);
  }

  get examined(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts);
  }

  saw(what: string, count = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + count);
  }

  breach(aggregate: string, what: string, at: number | null = null): void {
    this.violations.push({
      promise: this.promise,
      aggregate,
      what,
      at: at === null ? null : new Date(at).toISOString(),
    });
  }

  /** Judges one aggregate at a time. A record that cannot be read is a finding about it, and does not end the check. */
  each<T>(items: Iterable<T>, nameOf: (item: T) => string, judge: (item: T) => void): void {
    for (const item of items) {
      try {
        judge(item);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        this.breach(nameOf(item), `its record cannot be read: ${error.message}`);
      }
    }
  }
}
