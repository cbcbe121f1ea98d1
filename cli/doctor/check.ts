/** `skip`: it could not be looked at, for a reason that is said elsewhere. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do about it; only where something is wrong. */
  readonly remedy?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });
export const warn = (name: string, detail: string, remedy: string): Check => ({ name, status: 'warn', detail, remedy });
export const fail = (name: string, detail: string, remedy: string): Check => ({ name, status: 'fail', detail, remedy });
export const skip = (name: string, detail: string): Check => ({ name, status: 'skip', detail });

export const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  // A failed query is told by its cause: the statement helps nobody here.
  if (error instanceof Error && error.cause instanceof Error && error.message.startsWith('Failed query'))
    return messageOf(error.cause);
  return error instanceof Error ? error.message : String(error);
};
