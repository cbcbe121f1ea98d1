/**
 * Answers that are remembered for a moment, so that a burst of the same question costs one look-up. What was read is
 * forgotten after `forMs`; of more than `atMost` answers the oldest is. A failed look-up is not remembered.
 */
export class ShortMemory<T> {
  readonly #answers = new Map<string, { readonly answer: Promise<T>; readonly until: number }>();
  readonly #forMs: number;
  readonly #atMost: number;

  constructor({ forMs, atMost }: { readonly forMs: number; readonly atMost: number }) {
    this.#forMs = forMs;
    this.#atMost = atMost;
  }

  read(question: string, look: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const known = this.#answers.get(question);
    if (known !== undefined && known.until > now) return known.answer;
    this.#answers.delete(question);
    const oldest = this.#answers.size >= this.#atMost ? this.#answers.keys().next() : null;
    if (oldest?.done === false) this.#answers.delete(oldest.value);
    const answer = look();
    const entry = { answer, until: now + this.#forMs };
    this.#answers.set(question, entry);
    answer.catch(() => {
      if (this.#answers.get(question) === entry) this.#answers.delete(question);
    });
    return answer;
  }

  /** What is remembered, without looking. */
  recall(question: string): Promise<T> | null {
    const known = this.#answers.get(question);
    return known !== undefined && known.until > performance.now() ? known.answer : null;
  }

  clear(): void {
    this.#answers.clear();
  }
}
