/** Where a command reads and writes. A test gives its own; the program gives the process's. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Columns of the terminal behind standard output; null when there is none. */
  readonly columns: number | null;
  /** Aborts at Ctrl-C and SIGTERM. */
  readonly stopping: AbortSignal;
}

/** What went wrong in the words of the person who typed: a missing file, JSON that is none, two options that exclude each other. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
