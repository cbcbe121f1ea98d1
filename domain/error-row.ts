/** One row of the error table: what a code means to people and to machines. */
export interface ErrorRow {
  /** Said to people, in full sentences that say what to do. Fixed text: never built from input. */
  readonly title: string;
  readonly status: number;
  /** True when the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** False for errors whose detail is for operators only. */
  readonly public: boolean;
}

/** Builds a row of the table: not retryable and public unless said otherwise. */
export function row(title: string, status: number, more: { retryable?: boolean; public?: boolean } = {}): ErrorRow {
  return { title, status, retryable: more.retryable ?? false, public: more.public ?? true };
}
