import { pino } from 'pino';
import type { Logger } from 'pino';

/** Names under which a secret or a user's content could get into a log line, at the top or one level down. */
const hidden = ['authorization', 'token', 'secret', 'password', 'url', 'text', 'body', 'title', 'note', 'address', 'headers'];

/** The logger of a process: JSON lines on stderr, so that stdout stays for what a command prints. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      redact: { paths: hidden.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: false }),
  );
}
