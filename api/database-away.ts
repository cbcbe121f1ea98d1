/**
 * Connection refused, reset or ended by a restart; no connection or no answer in time; out of disk, memory or connections;
 * a standby that was not promoted yet; or a deadlock: it may go well later.
 */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (
      isOverlap(cause) ||
      /^(57P0[123]|57014|08\w{3}|53\w{3}|25006|58030|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(codeOf(cause))
    )
      return true;
    if (
      /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error/.test(
        cause.message,
      )
    )
      return true;
  }
  return false;
}

/** Two transactions stood in each other's way, and this one was ended: the same again will do. */
export function isOverlap(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (/^(40001|40P01)$/.test(codeOf(cause))) return true;
  return false;
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');
