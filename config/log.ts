import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { describeError } from '#domain/error-kinds.ts';

/** Names under which a secret or a user's content could get into a log line, at the top or one level down. */
const hidden = [
  'authorization',
  'token',
  'secret',
  'password',
  'url',
  'text',
  'body',
  'title',
  'note',
  'address',
  'headers',
];

const stderr = (): DestinationStream => pino.destination({ dest: 2, sync: false });

/**
 * The logger of a process: JSON lines on stderr, so that stdout stays for what a command prints. Of an error under `err`
 * only the kind and the place are written: its message may quote what a user wrote.
 */
export function createLogger(name: string, level: string, destination: DestinationStream = stderr()): Logger {
  return pino(
    {
      name,
      level,
      redact: { paths: hidden.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
      serializers: {
        err: (error: unknown) => {
          const { kinds, frames } = describeError(error);
          return { type: kinds, stack: frames };
        },
      },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
}
