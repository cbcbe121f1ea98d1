/** What a script learns from the end of a command. `vigil help` prints the same table. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  auth: 4,
  notFound: 5,
  away: 6,
  auditFault: 7,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeText = `Exit codes:
  0  done
  1  unexpected failure, or a check of doctor that failed
  2  wrong usage, or a request that the API cannot read
  3  refused by the rules: conflict, precondition or invalid content; or a hole that check found
  4  token missing, invalid or not allowed
  5  no such object
  6  the service is away, or the work was not done within --wait
  7  an audit bundle does not verify`;

/** What an HTTP status that is no success means for the caller's script. */
export function exitCodeOf(status: number): ExitCode {
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
      return exitCodes.usage;
    case 401:
    case 403:
      return exitCodes.auth;
    case 404:
    case 410:
      return exitCodes.notFound;
    case 409:
    case 412:
    case 422:
    case 428:
      return exitCodes.refused;
    case 429:
    case 502:
    case 503:
    case 504:
      return exitCodes.away;
    default:
      return exitCodes.unexpected;
  }
}
